/*
 * The least that a plain call and poll can cost: a number is looked up in a
 * table, a reference taken and given back, and the kernel asked.
 */
#include "bench/bare.h"

#include <poll.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/kernel.h"
#include "bench/added.h"
#include "bench/bench.h"
#include "bench/both.h"
#include "bench/machine.h"
#include "bench/row.h"
#include "bench/steps.h"

#define CALLS 1000000
#define SIZE 64
#define MOST 1000

/* As the library's: no two in a cache line, and the table has pointers. */
static struct object {
	_Alignas(128) atomic_int refs;
	int kfd;
} objects[MOST];

static _Atomic(struct object *) table[MOST];

static void
put_in(int number, int kfd)
{
	objects[number].kfd = kfd;
	atomic_store(&objects[number].refs, 1);
	atomic_store(&table[number], &objects[number]);
}

static struct object *
take(int number)
{
	struct object *o =
	    atomic_load_explicit(&table[number], memory_order_acquire);

	atomic_fetch_add_explicit(&o->refs, 1, memory_order_acquire);
	bench_must(atomic_load_explicit(&table[number], memory_order_acquire) ==
	        o,
	    "the object");
	return o;
}

static void
give(struct object *o)
{
	bench_must(atomic_fetch_sub_explicit(&o->refs, 1,
	               memory_order_acq_rel) > 1,
	    "a reference");
}

/* Functions of their own, as the library's are. */
static __attribute__((noinline)) ssize_t
least_send(int number, const void *p, size_t n)
{
	struct object *o = take(number);
	const ssize_t rc = kernel->sendto(o->kfd, p, n, MSG_NOSIGNAL, NULL, 0);

	give(o);
	return rc;
}

static __attribute__((noinline)) ssize_t
least_recv(int number, void *p, size_t n)
{
	struct object *o = take(number);
	const ssize_t rc = kernel->recvfrom(o->kfd, p, n, 0, NULL, NULL);

	give(o);
	return rc;
}

static char buf[WAYS_SIZE_MAX];

static void
way_send(const struct bench_end *e, size_t n)
{
	bench_must(least_send(e->fd, buf, n) == (ssize_t)n, "send");
}

static void
way_recv(const struct bench_end *e, size_t n, size_t size)
{
	size_t done = 0;

	while (done < n) {
		const ssize_t got =
		    least_recv(e->fd, buf, n - done < size ? n - done : size);

		bench_must(got > 0, "recv");
		done += (size_t)got;
	}
}

static const struct bench_way way = { way_send, way_recv };

static void
steps_rows(void)
{
	static const size_t sizes[] = { 64, 1024, 16384, 65536 };
	struct steps s = { .mine_way = &way, .base_way = &ways_raw };
	struct bench_end under[2];

	ways_connect_raw(under);
	ways_connect_raw(s.base);
	for (int i = 0; i < 2; i++) {
		s.mine[i] = (struct bench_end){ .fd = i };
		put_in(i, under[i].fd);
	}
	for (int i = 0; i < 4; i++) {
		s.n = sizes[i];
		s.times = sizes[i] < 16384 ? 5000
		    : sizes[i] > 16384     ? 1000
		                           : 3000;
		row_run(ROW_BARE_PLAIN_64 + (enum bench_row)i, ROW_ROUNDS,
		    steps_there, &s);
	}
	ways_close_raw(under);
	ways_close_raw(s.base);
}

static void
send_least(void *arg, int times)
{
	(void)arg;
	for (int i = 0; i < times; i++)
		bench_must(least_send(0, buf, SIZE) == SIZE, "send");
}

static void
send_raw(void *arg, int times)
{
	(void)arg;
	for (int i = 0; i < times; i++)
		bench_must(kernel->sendto(0, buf, SIZE, MSG_NOSIGNAL, NULL,
		               0) == SIZE,
		    "sendto");
}

/* As the rows of what the library adds are measured. */
static void
added_row(void)
{
	static void *const args[2];
	const struct kernel *const before = kernel;
	const int n = row_rounds(ROW_ROUNDS);
	double mine[ROW_ROUNDS_MAX], base[ROW_ROUNDS_MAX];
	const struct kernel idle = added_idle();

	put_in(0, 0);
	kernel = &idle;
	for (int i = 0; i < n; i++) {
		base[i] = both_ns(send_raw, args, 1, CALLS);
		mine[i] = both_ns(send_least, args, 1, CALLS);
	}
	kernel = before;
	row_report_added(ROW_BARE_SEND_ADDED, mine, base, n);
}

static struct pollfd asked[MOST], raw[MOST];

/* A kernel's descriptor for each number, and its answers brought back. */
static __attribute__((noinline)) int
least_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	static struct pollfd kfds[MOST];
	int rc;

	for (nfds_t i = 0; i < n; i++) {
		const struct object *o = atomic_load_explicit(&table[fds[i].fd],
		    memory_order_acquire);

		kfds[i].fd = o->kfd;
		kfds[i].events = fds[i].events;
	}
	rc = kernel->poll(kfds, n, timeout_ms);
	for (nfds_t i = 0; i < n; i++)
		fds[i].revents = kfds[i].revents;
	return rc;
}

static double
measure_poll(const void *how, bool mine)
{
	const int n = *(const int *)how;
	const int times = n >= 1000 ? 600 : 60000 / n;
	const int64_t start = deadline_now_ns();

	for (int i = 0; i < times; i++)
		bench_must((mine ? least_poll(asked, (nfds_t)n, 0)
		                 : poll(raw, (nfds_t)n, 0)) == 0,
		    "poll");
	return (double)(deadline_now_ns() - start) / times;
}

static void
poll_rows(void)
{
	static const int sizes[] = { 1, 10, 100, MOST };

	bench_must(bench_files(MOST + 100) >= MOST + 100, "RLIMIT_NOFILE");
	for (int i = 0; i < MOST; i++) {
		const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		bench_must(fd >= 0, "socket");
		put_in(i, fd);
		asked[i] = (struct pollfd){ .fd = i, .events = POLLIN };
		raw[i] = (struct pollfd){ .fd = fd, .events = POLLIN };
	}
	for (int i = 0; i < 4; i++)
		row_run(ROW_BARE_POLL_1 + (enum bench_row)i, ROW_ROUNDS,
		    measure_poll, &sizes[i]);
	for (int i = 0; i < MOST; i++)
		close(objects[i].kfd);
}

void
bare_plain(void)
{
	added_row();
	steps_rows();
	poll_rows();
}

void
bench_bare(void)
{
	bare_plain();
	bare_streams();
	bare_handshakes();
	bare_datagrams();
}
