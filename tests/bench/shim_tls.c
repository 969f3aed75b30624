/*
 * A client under the preload library, of which a rule makes plain connections
 * secure, and the same one that is linked with the library.
 */
#include "bench/row.h"
#include "bench/shim.h"

#define ROUNDS 63

/* A row of the time, and the next of the client's processor. */
static const struct kind {
	enum bench_row row;
	const char *verb;
	long size, times;
} kinds[] = {
	{ ROW_SHIM_TLS_RECV_1, "recv", 1024, 3000 },
	{ ROW_SHIM_TLS_RECV_4, "recv", 4096, 800 },
	{ ROW_SHIM_TLS_RECV_16, "recv", 16384, 200 },
	{ ROW_SHIM_TLS_RECV_64, "recv", 65536, 50 },
	{ ROW_SHIM_TLS_SEND_1, "send", 1024, 3000 },
	{ ROW_SHIM_TLS_SEND_4, "send", 4096, 800 },
	{ ROW_SHIM_TLS_SEND_16, "send", 16384, 200 },
	{ ROW_SHIM_TLS_SEND_64, "send", 65536, 50 },
	{ ROW_SHIM_TLS_PING, "ping", 64, 200 },
};

static void
measure(const struct kind *k, const struct shim_worker workers[2])
{
	const int n = row_rounds(ROUNDS);
	double wall[2][ROW_ROUNDS_MAX], cpu[2][ROW_ROUNDS_MAX];

	for (int i = 0; i < n; i++) {
		for (int j = 0; j < 2; j++) {
			const int w = (i + j) % 2;
			const struct shim_time t =
			    shim_ask(&workers[w], k->verb, k->size, k->times);

			wall[w][i] = t.wall;
			cpu[w][i] = t.cpu;
		}
	}
	row_report(k->row, wall[0], wall[1], n);
	row_report(k->row + 1, cpu[0], cpu[1], n);
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
