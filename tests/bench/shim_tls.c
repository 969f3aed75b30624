/*
 * A client under the preload library, of which a rule makes plain connections
 * secure, and the same one that is linked with the library.
 */
#include <stdio.h>

#include "bench/shim.h"

#define ROUNDS 63
#define LIMIT 1.05 /* the throughput within 5 % */

static const struct kind {
	const char *name, *verb;
	long size, times;
	double limit;
} kinds[] = {
	{ "TLS recv of 1 KiB", "recv", 1024, 3000, 0 },
	{ "TLS recv of 4 KiB", "recv", 4096, 800, 0 },
	{ "TLS recv of 16 KiB", "recv", 16384, 200, LIMIT },
	{ "TLS recv of 64 KiB", "recv", 65536, 50, 0 },
	{ "TLS send of 1 KiB", "send", 1024, 3000, 0 },
	{ "TLS send of 4 KiB", "send", 4096, 800, 0 },
	{ "TLS send of 16 KiB", "send", 16384, 200, LIMIT },
	{ "TLS send of 64 KiB", "send", 65536, 50, 0 },
	{ "TLS round trip of 64 B", "ping", 64, 200, 0 },
};

static void
measure(const struct kind *k, const struct shim_worker workers[2])
{
	double wall[2][ROUNDS], cpu[2][ROUNDS];
	char name[64];

	for (int i = 0; i < ROUNDS; i++) {
		for (int j = 0; j < 2; j++) {
			const int w = (i + j) % 2;
			const struct shim_time t =
			    shim_ask(&workers[w], k->verb, k->size, k->times);

			wall[w][i] = t.wall / 1000;
			cpu[w][i] = t.cpu / 1000;
		}
	}
	shim_row_ratio(k->name, wall[0], wall[1], ROUNDS, k->limit, "linked");
	snprintf(name, sizeof(name), "%s, client's CPU", k->name);
	shim_row_ratio(name, cpu[0], cpu[1], ROUNDS, 0, "linked");
}

void
shim_bench_tls(void)
{
	struct shim_worker workers[2];
	struct shim_server server;

	shim_serve(&server);
	shim_start_client(&workers[0], &server);
	shim_start_linked(&workers[1], &server);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		measure(&kinds[i], workers);
	for (int i = 0; i < 2; i++)
		shim_stop(&workers[i]);
	shim_unserve(&server);
}
