#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/deadline.h"
#include "bench/bench.h"
#include "support/fake_kernel.h"

/* A burst: so many sends before the receiver reads them all, in one thread. */
#define BURST 65536

static double
burst_ns(const struct bench_way *way, struct bench_end ends[2], size_t n,
    int times)
{
	const int64_t start = deadline_now_ns();

	for (int i = 0; i < times; i++) {
		for (size_t sent = 0; sent < BURST; sent += n)
			way->send(&ends[0], n);
		way->recv(&ends[1], BURST);
	}
	return (double)(deadline_now_ns() - start) / times;
}

struct reader {
	const struct bench_way *way;
	const struct bench_end *end;
	size_t total;
};

static void *
read_all(void *arg)
{
	const struct reader *r = arg;

	r->way->recv(r->end, r->total);
	return NULL;
}

/* The same bytes from one thread to another. */
static double
flow_ns(const struct bench_way *way, struct bench_end ends[2], size_t n,
    int times)
{
	const struct reader r = { way, &ends[1], (size_t)times * BURST };
	const int64_t start = deadline_now_ns();
	pthread_t thread;

	pthread_create(&thread, NULL, read_all, (void *)&r);
	for (size_t sent = 0; sent < r.total; sent += n)
		way->send(&ends[0], n);
	pthread_join(thread, NULL);
	return (double)(deadline_now_ns() - start) / times;
}

static const struct row {
	const char *name;
	double (*measure)(const struct bench_way *, struct bench_end *, size_t,
	    int);
	size_t n;
	int times;
	const char *target;
} rows[] = {
	{ "TLS 64 KiB in 1 KiB, 1 thread", burst_ns, 1024, 20,
	    "<= 0.80 x SSL_set_fd" },
	{ "TLS 64 KiB in 16 KiB, 1 thread", burst_ns, 16384, 100,
	    "<= 0.98 x SSL_set_fd" },
	{ "TLS 64 KiB in 64 KiB, 1 thread", burst_ns, 65536, 100,
	    "<= 0.80 x SSL_set_fd" },
	{ "TLS 64 KiB in 1 KiB, 2 threads", flow_ns, 1024, 60,
	    "<= 1.18 x SSL_set_fd" },
	{ "TLS 64 KiB in 16 KiB, 2 threads", flow_ns, 16384, 300,
	    "<= 1.03 x SSL_set_fd" },
	{ "TLS 64 KiB in 64 KiB, 2 threads", flow_ns, 65536, 300,
	    "<= 0.91 x SSL_set_fd" },
};

static void
row(const struct row *r, struct bench_end mine_ends[2],
    struct bench_end base_ends[2])
{
	double mine[BENCH_ROUNDS], base[BENCH_ROUNDS], ratio[BENCH_ROUNDS];

	for (int i = 0; i < BENCH_ROUNDS; i++) {
		base[i] = r->measure(&bench_openssl, base_ends, r->n, r->times);
		mine[i] = r->measure(&bench_ours, mine_ends, r->n, r->times);
		ratio[i] = mine[i] / base[i];
	}
	bench_print(r->name, mine, base, ratio, r->target);
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
syscalls_row(struct bench_end mine[2], struct bench_end base[2])
{
	const int bursts = 1048576 / BURST;
	atomic_int sends = 0, receives = 0;

	watch(base[0].ssl, &sends, count_call);
	watch(base[1].ssl, &receives, count_call);
	burst_ns(&bench_openssl, base, BURST, bursts);
	watch(base[0].ssl, NULL, NULL);
	watch(base[1].ssl, NULL, NULL);
	fake_kernel_install();
	burst_ns(&bench_ours, mine, BURST, bursts);
	printf("%-38s %7d/%-2d %6d/%-3d %7s   %s\n",
	    "calls to send, receive 1 MiB, 64 KiB",
	    fake_kernel_count(FAKE_SENDTO), fake_kernel_count(FAKE_RECVFROM),
	    atomic_load(&sends), atomic_load(&receives), "", "<= 32 / 32");
	fake_kernel_remove();
}

void
bench_streams(struct bench_end mine[2], struct bench_end base[2])
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		row(&rows[i], mine, base);
	syscalls_row(mine, base);
}
