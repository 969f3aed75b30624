/* Memory of a program by itself, under the preload library, and with TLS. */
#include <stdio.h>

#include "bench/machine.h"
#include "bench/row.h"
#include "bench/shim.h"

#define ROUNDS 7

struct memory {
	double resident, dirty; /* KiB; dirty: of no other process */
};

static struct memory
look(pid_t pid)
{
	struct memory m = { 0 };
	char path[64], line[160];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	file = fopen(path, "r");
	bench_must(file != NULL, path);
	while (fgets(line, sizeof(line), file) != NULL) {
		if (sscanf(line, "Rss: %lf", &m.resident) == 1)
			continue;
		(void)sscanf(line, "Private_Dirty: %lf", &m.dirty);
	}
	fclose(file);
	return m;
}

static struct memory
idle(const char *preload)
{
	static const char *const none[] = { NULL };
	struct shim_worker w;
	struct memory m;

	shim_start(&w, shim_client, shim_environment(preload, none),
	    BENCH_CPU_SECOND);
	(void)shim_ask(&w, "idle", 0, 1);
	m = look(w.pid);
	shim_stop(&w);
	return m;
}

static struct memory
connected(void (*start)(struct shim_worker *, const struct shim_server *),
    const struct shim_server *server)
{
	struct shim_worker w;
	struct memory m;

	start(&w, server);
	(void)shim_ask(&w, "ping", 64, 1);
	m = look(w.pid);
	shim_stop(&w);
	return m;
}

/* What may be on our side, the library under which the bare program runs. */
static const struct side {
	enum bench_row
	    row; /* of what is resident; the next of what is its own */
	const char *preload;
	void (*start)(struct shim_worker *, const struct shim_server *);
} sides[] = {
	{ ROW_MEMORY_EMPTY_RSS, shim_empty, NULL },
	{ ROW_MEMORY_SHIM_RSS, shim_library, NULL },
	{ ROW_MEMORY_TLS_RSS, NULL, shim_start_client },
	{ ROW_MEMORY_LINKED_RSS, NULL, shim_start_linked },
};

static void
rows(const struct side *s, const struct shim_server *server)
{
	const int n = row_rounds(ROUNDS);
	double mine[2][ROW_ROUNDS_MAX], base[2][ROW_ROUNDS_MAX];

	for (int i = 0; i < n; i++) {
		const struct memory bare = idle(NULL);
		const struct memory m = s->start != NULL
		    ? connected(s->start, server)
		    : idle(s->preload);

		base[0][i] = bare.resident;
		base[1][i] = bare.dirty;
		mine[0][i] = m.resident;
		mine[1][i] = m.dirty;
	}
	row_report_added(s->row, mine[0], base[0], n);
	row_report_added(s->row + 1, mine[1], base[1], n);
}

void
shim_bench_memory(void)
{
	struct shim_server server;

	shim_serve(&server);
	for (size_t i = 0; i < sizeof(sides) / sizeof(sides[0]); i++)
		rows(&sides[i], &server);
	shim_unserve(&server);
}
