/* Memory of a program by itself, under the preload library, and with TLS. */
#include <stdio.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/shim.h"

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
	    SHIM_CPU_MEASURED);
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

static void
rows(const char *name, struct memory mine, struct memory base)
{
	const double resident[2] = { mine.resident, base.resident };
	const double dirty[2] = { mine.dirty, base.dirty };
	char text[64];

	snprintf(text, sizeof(text), "%s, KiB resident", name);
	shim_row_more(text, resident, resident[0] - resident[1], 0, "KiB");
	snprintf(text, sizeof(text), "%s, KiB dirty", name);
	shim_row_more(text, dirty, dirty[0] - dirty[1], 0, "KiB");
}

void
shim_bench_memory(void)
{
	struct shim_server server;
	const struct memory bare = idle(NULL);

	shim_serve(&server);
	rows("empty library", idle(shim_empty), bare);
	rows("preload library", idle(shim_library), bare);
	rows("one TLS connection", connected(shim_start_client, &server), bare);
	rows("the same, linked", connected(shim_start_linked, &server), bare);
	shim_unserve(&server);
}
