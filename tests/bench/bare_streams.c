/*
 * Streams of TLS over bare pairs against SSL_set_fd, and the library's against
 * bare pairs: what the design costs, and what the library adds to it.
 */
#include "bench/bare.h"
#include "bench/row.h"
#include "bench/steps.h"
#include "bench/streams.h"

#define READ_SIZE 65536

/* The size of two records, which prototypes had. */
#define SMALL_RING ((size_t)34 * 1024)

typedef double move(const struct bench_way *way, const struct bench_end ends[2],
    size_t n, size_t read_size, int bursts);

struct stream {
	const struct steps *s;
	move *move;
	size_t n;
	int bursts;
};

static double
measure(const void *how, bool mine)
{
	const struct stream *f = how;

	return f->move(mine ? f->s->mine_way : f->s->base_way,
	    mine ? f->s->mine : f->s->base, f->n, READ_SIZE, f->bursts);
}

static const struct stream streams[] = {
	{ NULL, streams_queued_ns, 1024, 50 },
	{ NULL, streams_queued_ns, 16384, 200 },
	{ NULL, streams_queued_ns, 65536, 200 },
	{ NULL, streams_flow_ns, 1024, 150 },
	{ NULL, streams_flow_ns, 16384, 600 },
	{ NULL, streams_flow_ns, 65536, 600 },
};

#define QUEUED 3
#define STREAMS 6

static void
rows(const struct steps *s, enum bench_row first, int n)
{
	for (int i = 0; i < n; i++) {
		struct stream f = streams[i];

		f.s = s;
		row_run(first + (enum bench_row)i, ROW_ROUNDS, measure, &f);
	}
}

static void
ping(struct steps *s, enum bench_row row)
{
	s->n = 1;
	s->times = 2000;
	row_run(row, ROW_ROUNDS, steps_there_and_back, s);
}

static void
against_socket(void)
{
	struct steps s = { .mine_way = &ways_bare, .base_way = &ways_openssl };

	ways_connect_openssl(s.base);
	ways_connect_bare(s.mine, SMALL_RING);
	rows(&s, ROW_BARE_SMALL_1024, QUEUED);
	ways_close_bare(s.mine);
	ways_connect_bare(s.mine, BARE_RING);
	rows(&s, ROW_BARE_1024, STREAMS);
	ping(&s, ROW_BARE_PING);
	ways_close_bare(s.mine);
	ways_close_raw(s.base);
}

static void
against_bare(void)
{
	struct steps s = { .mine_way = &ways_ours, .base_way = &ways_bare };

	ways_connect_tls(s.mine);
	ways_connect_bare(s.base, BARE_RING);
	rows(&s, ROW_ON_BARE_1024, STREAMS);
	ping(&s, ROW_ON_BARE_PING);
	ways_close_ours(s.mine);
	ways_close_bare(s.base);
}

void
bare_streams(void)
{
	bench_identities();
	against_socket();
	against_bare();
}
