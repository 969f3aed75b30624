/*
 * What the library adds to a plain call: the kernel's part is replaced by a
 * function that does nothing, which the baseline calls as the library does.
 */
#include "bench/added.h"

#include <zephyr/net/socket.h>

#include "base/kernel.h"
#include "bench/both.h"
#include "bench/machine.h"
#include "bench/row.h"
#include "support/loop.h"

#define TIMES 1000000
#define SIZE 64

static ssize_t
send_nothing(int kfd, const void *buf, size_t len, int flags,
    const struct sockaddr *addr, socklen_t addrlen)
{
	(void)kfd;
	(void)buf;
	(void)flags;
	(void)addr;
	(void)addrlen;
	return (ssize_t)len;
}

static ssize_t
recv_nothing(int kfd, void *buf, size_t len, int flags, struct sockaddr *addr,
    socklen_t *addrlen)
{
	(void)kfd;
	(void)buf;
	(void)flags;
	(void)addr;
	(void)addrlen;
	return (ssize_t)len;
}

struct kernel
added_idle(void)
{
	struct kernel idle = *kernel;

	idle.sendto = send_nothing;
	idle.recvfrom = recv_nothing;
	return idle;
}

/* A connected socket, and the kernel's descriptor of the same. */
static struct place {
	int sock, kfd;
	char buf[SIZE];
} places[2];

static void
ours_send(void *arg, int times)
{
	struct place *p = arg;

	for (int i = 0; i < times; i++)
		bench_must(zsock_send(p->sock, p->buf, SIZE, 0) == SIZE,
		    "zsock_send");
}

static void
raw_send(void *arg, int times)
{
	struct place *p = arg;

	for (int i = 0; i < times; i++)
		bench_must(kernel->sendto(p->kfd, p->buf, SIZE, MSG_NOSIGNAL,
		               NULL, 0) == SIZE,
		    "sendto");
}

static void
ours_recv(void *arg, int times)
{
	struct place *p = arg;

	for (int i = 0; i < times; i++)
		bench_must(zsock_recv(p->sock, p->buf, SIZE, 0) == SIZE,
		    "zsock_recv");
}

static void
raw_recv(void *arg, int times)
{
	struct place *p = arg;

	for (int i = 0; i < times; i++)
		bench_must(kernel->recvfrom(p->kfd, p->buf, SIZE, 0, NULL,
		               NULL) == SIZE,
		    "recvfrom");
}

static const struct what {
	enum bench_row row;
	both_loop *ours, *raw;
	int threads;
} whats[] = {
	{ ROW_SEND_ADDED_1, ours_send, raw_send, 1 },
	{ ROW_SEND_ADDED_2, ours_send, raw_send, 2 },
	{ ROW_RECV_ADDED_1, ours_recv, raw_recv, 1 },
	{ ROW_RECV_ADDED_2, ours_recv, raw_recv, 2 },
};

static void
rows(const struct what *w)
{
	void *const args[2] = { &places[0], &places[1] };
	const int n = row_rounds(ROW_ROUNDS);
	double mine[ROW_ROUNDS_MAX], base[ROW_ROUNDS_MAX];

	for (int i = 0; i < n; i++) {
		base[i] = both_ns(w->raw, args, w->threads, TIMES);
		mine[i] = both_ns(w->ours, args, w->threads, TIMES);
	}
	row_report_added(w->row, mine, base, n);
}

void
added_rows(const int socks[2])
{
	const struct kernel *const before = kernel;
	const struct kernel idle = added_idle();

	for (int i = 0; i < 2; i++) {
		places[i].sock = socks[i];
		places[i].kfd = loop_kfd(socks[i]);
	}
	kernel = &idle;
	for (size_t i = 0; i < sizeof(whats) / sizeof(whats[0]); i++)
		rows(&whats[i]);
	kernel = before;
}
