/*
 * Streams of TLS.  In one thread so much is sent that records queue, and then
 * all of it is received, into a buffer of that size; in two the receiver has a
 * processor of its own.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "base/deadline.h"
#include "bench/bench.h"
#include "bench/floor.h"
#include "bench/machine.h"
#include "bench/row.h"
#include "bench/steps.h"
#include "bench/streams.h"
#include "support/fake_kernel.h"

#define MIB 1048576.0

/* Bytes that every socket takes before anything is received. */
#define BURST 65536

double
streams_queued_ns(const struct bench_way *way, const struct bench_end ends[2],
    size_t n, size_t read_size, int bursts)
{
	const int64_t start = deadline_now_ns();

	for (int i = 0; i < bursts; i++) {
		for (size_t sent = 0; sent < BURST; sent += n)
			way->send(&ends[0], n);
		way->recv(&ends[1], BURST, read_size);
	}
	return (double)(deadline_now_ns() - start) * MIB / BURST / bursts;
}

struct reader {
	const struct bench_way *way;
	const struct bench_end *end;
	size_t total, size;
};

static void *
read_all(void *arg)
{
	const struct reader *r = arg;

	bench_pin(0, BENCH_CPU_SECOND);
	r->way->recv(r->end, r->total, r->size);
	return NULL;
}

double
streams_flow_ns(const struct bench_way *way, const struct bench_end ends[2],
    size_t n, size_t read_size, int bursts)
{
	struct reader r = { way, &ends[1], (size_t)bursts * BURST, read_size };
	const int64_t start = deadline_now_ns();
	pthread_t thread;

	pthread_create(&thread, NULL, read_all, &r);
	for (size_t sent = 0; sent < r.total; sent += n)
		way->send(&ends[0], n);
	pthread_join(thread, NULL);
	return (double)(deadline_now_ns() - start) * MIB / BURST / bursts;
}

struct stream {
	struct steps *s;
	double (*measure)(const struct bench_way *way,
	    const struct bench_end ends[2], size_t n, size_t read_size,
	    int bursts);
	size_t n, read_size;
	int bursts;
};

static double
measure(const void *how, bool mine)
{
	const struct stream *f = how;

	return f->measure(mine ? &ways_ours : &ways_openssl,
	    mine ? f->s->mine : f->s->base, f->n, f->read_size, f->bursts);
}

static void
throughput(struct steps *s)
{
	static const struct {
		enum bench_row row;
		struct stream f;
	} rows[] = {
		{ ROW_TLS_1THR_1024,
		    { NULL, streams_queued_ns, 1024, BURST, 50 } },
		{ ROW_TLS_1THR_16384,
		    { NULL, streams_queued_ns, 16384, BURST, 200 } },
		{ ROW_TLS_1THR_65536,
		    { NULL, streams_queued_ns, 65536, BURST, 200 } },
		{ ROW_TLS_2THR_1024,
		    { NULL, streams_flow_ns, 1024, BURST, 150 } },
		{ ROW_TLS_2THR_16384,
		    { NULL, streams_flow_ns, 16384, BURST, 600 } },
		{ ROW_TLS_2THR_65536,
		    { NULL, streams_flow_ns, 65536, BURST, 600 } },
		{ ROW_TLS_SAME_1024,
		    { NULL, streams_queued_ns, 1024, 1024, 50 } },
		{ ROW_TLS_SAME_16384,
		    { NULL, streams_queued_ns, 16384, 16384, 200 } },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct stream f = rows[i].f;

		f.s = s;
		row_run(rows[i].row, ROW_ROUNDS, measure, &f);
	}
}

static void
lock_step(struct steps *s)
{
	static const struct {
		enum bench_row row;
		size_t n;
		int times;
	} sizes[] = {
		{ ROW_TLS_STEP_1024, 1024, 3000 },
		{ ROW_TLS_STEP_16384, 16384, 1000 },
		{ ROW_TLS_STEP_65536, 65536, 400 },
	};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		s->n = sizes[i].n;
		s->times = sizes[i].times;
		row_run(sizes[i].row, ROW_ROUNDS, steps_there, s);
	}
	s->n = 1;
	s->times = 2000;
	row_run(ROW_TLS_PING, ROW_ROUNDS, steps_there_and_back, s);
}

/* What OpenSSL's own socket BIO asks of the kernel. */
static long
count_call(BIO *bio, int op, const char *data, size_t len, int argi, long argl,
    int ret, size_t *done)
{
	(void)data;
	(void)len;
	(void)argi;
	(void)argl;
	(void)done;
	if (op == BIO_CB_READ || op == BIO_CB_WRITE)
		atomic_fetch_add((atomic_int *)BIO_get_callback_arg(bio), 1);
	return ret;
}

static void
watch(SSL *ssl, atomic_int *count, BIO_callback_fn_ex callback)
{
	BIO_set_callback_ex(SSL_get_rbio(ssl), callback);
	BIO_set_callback_arg(SSL_get_rbio(ssl), (char *)count);
}

static void
count_openssl(const struct bench_end ends[2], double *sends, double *receives)
{
	atomic_int counts[2] = { 0, 0 };

	for (int i = 0; i < 2; i++)
		watch(ends[i].ssl, &counts[i], count_call);
	streams_queued_ns(&ways_openssl, ends, BURST, BURST, (int)MIB / BURST);
	for (int i = 0; i < 2; i++)
		watch(ends[i].ssl, NULL, NULL);
	*sends = atomic_load(&counts[0]);
	*receives = atomic_load(&counts[1]);
}

static void
count_ours(const struct bench_end ends[2], double *sends, double *receives)
{
	fake_kernel_install();
	streams_queued_ns(&ways_ours, ends, BURST, BURST, (int)MIB / BURST);
	*sends =
	    fake_kernel_count(FAKE_SENDTO) + fake_kernel_count(FAKE_SENDMSG);
	*receives =
	    fake_kernel_count(FAKE_RECVFROM) + fake_kernel_count(FAKE_RECVMSG);
	fake_kernel_remove();
}

static void
system_calls(const struct steps *s)
{
	const int n = row_rounds(ROW_ROUNDS);
	double mine[2][ROW_ROUNDS_MAX], base[2][ROW_ROUNDS_MAX];

	for (int i = 0; i < n; i++) {
		count_openssl(s->base, &base[0][i], &base[1][i]);
		count_ours(s->mine, &mine[0][i], &mine[1][i]);
	}
	row_report(ROW_TLS_SENDS, mine[0], base[0], n);
	row_report(ROW_TLS_RECVS, mine[1], base[1], n);
}

void
bench_tls(void)
{
	struct steps s = { .base_way = &ways_openssl };

	bench_identities();
	ways_connect_tls(s.mine);
	ways_connect_openssl(s.base);
	throughput(&s);
	floor_rows(s.mine);
	lock_step(&s);
	system_calls(&s);
	ways_close_ours(s.mine);
	ways_close_raw(s.base);
}
