/*
 * A signal during a call that waits, in each profile: some calls answer EINTR,
 * others go on.  Nothing is lost either way.
 */
#include "support/test.h"

#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <zephyr/zvfs/eventfd.h>

#include "base/limits.h"
#include "support/fake_kernel.h"
#include "support/loop.h"
#include "support/quirks.h"

/* How many signals a call that goes on is given. */
#define SIGNALS 3

/* For what ends by its time limit, in milliseconds: time for some signals. */
#define LIMIT_MS 300

static int sock, peer; /* what waits, and what can make it stop */
static union quirks_addr addr;
static char buf[65536];

/* The kernel's own sockets of a test. */
static int kfds[8], n_kfds;

static int
keep_kfd(int kfd)
{
	assert_true(kfd >= 0 && n_kfds < (int)LEN(kfds));
	return kfds[n_kfds++] = kfd;
}

static atomic_int handled;

static void
handle(int number)
{
	(void)number;
	atomic_fetch_add(&handled, 1);
}

static int
answer(long rc)
{
	return rc == -1 ? -errno : (int)rc;
}

static void
set_timeout(int name, int ms)
{
	const struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	assert_int_equal(zsock_setsockopt(sock, ZSOCK_SOL_SOCKET, name, &tv,
	                     sizeof(tv)),
	    0);
}

static void
open_stream(void)
{
	const struct quirks_link l = quirks_link();

	sock = l.client;
	peer = l.server;
}

static void
open_stream_with_limit(void)
{
	open_stream();
	set_timeout(ZSOCK_SO_RCVTIMEO, QUIRKS_FAR_MS);
}

static void
open_stream_with_a_byte(void)
{
	open_stream();
	assert_int_equal(zsock_send(peer, "x", 1, 0), 1);
}

static void
open_dgram(void)
{
	sock = quirks_bound(NET_SOCK_DGRAM, &addr);
	peer = quirks_open(NET_AF_INET, NET_SOCK_DGRAM);
	assert_int_equal(zsock_connect(peer, &addr.any, sizeof(addr.in)), 0);
}

static void
fill(void)
{
	while (zsock_send(sock, buf, sizeof(buf), ZSOCK_MSG_DONTWAIT) > 0)
		continue;
	assert_int_equal(errno, EAGAIN);
}

static void
open_full_stream(void)
{
	open_stream();
	fill();
}

static void
open_listener(void)
{
	sock = quirks_listener(&addr);
}

/* The limit is over before the signal comes. */
static void
open_listener_with_limit(void)
{
	open_listener();
	set_timeout(ZSOCK_SO_RCVTIMEO, 1);
}

/* A listener of the kernel's that has no room for one more. */
static void
open_to_a_crowd(void)
{
	uint16_t port;

	assert_int_equal(listen(keep_kfd(loop_listen_raw(AF_INET, &port)), 0),
	    0);
	addr = quirks_loopback(NET_AF_INET, port);
	for (int i = 0; i < 3; i++)
		(void)connect(keep_kfd(socket(AF_INET,
		                  SOCK_STREAM | SOCK_NONBLOCK, 0)),
		    (const struct sockaddr *)&addr, sizeof(addr.in));
	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_CONNECT_TIMEOUT",
	                     LIMIT_MS),
	    0);
	sock = quirks_open(NET_AF_INET, NET_SOCK_STREAM);
}

static void
open_pair(void)
{
	int sv[2];

	assert_int_equal(zsock_socketpair(NET_AF_UNIX, NET_SOCK_STREAM, 0, sv),
	    0);
	sock = quirks_keep(sv[0]);
	peer = quirks_keep(sv[1]);
}

/* MSG_DONTWAIT is nothing to a pair. */
static void
open_full_pair(void)
{
	int flags;

	open_pair();
	flags = zsock_fcntl(sock, ZVFS_F_GETFL, 0);
	quirks_nonblock(sock);
	fill();
	assert_int_equal(zsock_fcntl(sock, ZVFS_F_SETFL, flags), 0);
}

static void
open_event(void)
{
	sock = quirks_keep(zvfs_eventfd(0, 0));
}

static int
tls_client(int tag)
{
	const int s = quirks_keep(
	    zsock_socket(NET_AF_INET, NET_SOCK_STREAM, NET_IPPROTO_TLS_1_2));

	assert_int_equal(zsock_setsockopt(s, ZSOCK_SOL_TLS,
	                     ZSOCK_TLS_SEC_TAG_LIST, &tag, sizeof(tag)),
	    0);
	assert_int_equal(zsock_setsockopt(s, ZSOCK_SOL_TLS, ZSOCK_TLS_HOSTNAME,
	                     NULL, 0),
	    0);
	return s;
}

static void
open_tls(void)
{
	uint16_t port;
	int listener = quirks_keep(loop_listen_tls(AF_INET, NET_IPPROTO_TLS_1_2,
	    LOOP_SERVER_TAG, &port));
	const pthread_t thread = loop_start(loop_accept_one, &listener);

	sock = tls_client(LOOP_CA_TAG);
	addr = quirks_loopback(NET_AF_INET, port);
	assert_int_equal(zsock_connect(sock, &addr.any, sizeof(addr.in)), 0);
	peer = quirks_keep((int)(intptr_t)loop_join(thread));
}

static void
open_full_tls(void)
{
	open_tls();
	fill();
}

/* A server that says nothing; the handshake's time is short. */
static void
open_to_a_silent_server(void)
{
	uint16_t port;

	(void)keep_kfd(loop_listen_raw(AF_INET, &port));
	addr = quirks_loopback(NET_AF_INET, port);
	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_TLS_CONNECT_TIMEOUT",
	                     LIMIT_MS),
	    0);
	sock = tls_client(LOOP_CA_TAG);
}

static int
do_recv(void)
{
	return answer(zsock_recv(sock, buf, sizeof(buf), 0));
}

/* The byte that has come stays with the call. */
static int
do_recv_waitall(void)
{
	return answer(zsock_recv(sock, buf, 2, ZSOCK_MSG_WAITALL));
}

static int
do_recvmsg(void)
{
	struct net_iovec iov[] = { { buf, 4 }, { buf + 4, 4 } };
	struct net_msghdr m = { .msg_iov = iov, .msg_iovlen = LEN(iov) };

	return answer(zsock_recvmsg(sock, &m, 0));
}

static int
do_send(void)
{
	return answer(zsock_send(sock, buf, sizeof(buf), 0));
}

static int
do_sendmsg(void)
{
	struct net_iovec iov[] = { { buf, 4 }, { buf + 4, 4 } };
	const struct net_msghdr m = { .msg_iov = iov, .msg_iovlen = LEN(iov) };

	return answer(zsock_sendmsg(sock, &m, 0));
}

static int
do_send_all(void)
{
	return zsock_send_all_ms(sock, buf, sizeof(buf), 0, QUIRKS_FAR_MS,
	    NULL);
}

static int
do_accept(void)
{
	return answer(zsock_accept(sock, NULL, NULL));
}

static int
do_connect(void)
{
	return answer(zsock_connect(sock, &addr.any, sizeof(addr.in)));
}

static int
do_poll(void)
{
	struct zsock_pollfd fd = { .fd = sock, .events = ZSOCK_POLLIN };

	return answer(zsock_poll(&fd, 1, QUIRKS_FAR_MS));
}

static int
do_select(void)
{
	struct timeval tv = { .tv_sec = QUIRKS_FAR_MS / 1000 };
	zsock_fd_set r;

	ZSOCK_FD_ZERO(&r);
	ZSOCK_FD_SET(sock, &r);
	return answer(zsock_select(sock + 1, &r, NULL, NULL, &tv));
}

static int
do_event_read(void)
{
	zvfs_eventfd_t value;

	return answer(zvfs_eventfd_read(sock, &value));
}

static void
peer_sends(void)
{
	assert_int_equal(zsock_send(peer, "ab", 2, 0), 2);
}

/* Everything there is, so that there is room. */
static void
peer_reads(void)
{
	char scrap[4096];

	quirks_nonblock(peer);
	while (zsock_recv(peer, scrap, sizeof(scrap), 0) > 0)
		continue;
	assert_int_equal(errno, EAGAIN);
}

static void
peer_connects(void)
{
	(void)keep_kfd(loop_connect_raw(AF_INET, net_ntohs(addr.in.sin_port)));
}

static void
event_is_written(void)
{
	assert_int_equal(zvfs_eventfd_write(sock, 1), 0);
}

/* A call that waits, where in the kernel it does, and what a signal does. */
#define GOES_ON 0
#define EACH(x) \
	{ \
		x, x, x \
	}

static const struct row {
	const char *name;
	void (*open)(void);
	int (*call)(void);
	void (*finish)(void); /* then the call, or the next one, succeeds */
	/* It sleeps in the nth call of this kind. */
	enum fake_call at[PROFILE_COUNT];
	int nth[PROFILE_COUNT];
	int want[PROFILE_COUNT]; /* what it answers then, or GOES_ON */
	bool restart;            /* the handler is one with SA_RESTART */
	int end; /* what a call that goes on without finish comes to */
} rows[] = {
	{ "recv", open_stream, do_recv, peer_sends, EACH(FAKE_RECVFROM),
	    EACH(1), EACH(-EINTR), false, 0 },
	{ "recv_with_restart", open_stream, do_recv, peer_sends,
	    EACH(FAKE_RECVFROM), EACH(1), EACH(GOES_ON), true, 0 },
	{ "recv_with_so_rcvtimeo", open_stream_with_limit, do_recv, peer_sends,
	    EACH(FAKE_RECVFROM), EACH(1), EACH(-EINTR), true, 0 },
	{ "recvmsg", open_stream, do_recvmsg, peer_sends, EACH(FAKE_RECVMSG),
	    EACH(1), EACH(-EINTR), false, 0 },
	{ "recv_of_a_datagram", open_dgram, do_recv, peer_sends,
	    EACH(FAKE_RECVFROM), EACH(1), EACH(-EINTR), false, 0 },
	{ "recv_waitall_with_a_part", open_stream_with_a_byte, do_recv_waitall,
	    peer_sends, EACH(FAKE_RECVFROM), EACH(1), EACH(1), false, 0 },
	/* In the linux profile the kernel's own limit is none. */
	{ "send", open_full_stream, do_send, peer_reads, EACH(FAKE_SENDTO),
	    EACH(1), EACH(-EINTR), false, 0 },
	{ "sendmsg", open_full_stream, do_sendmsg, peer_reads,
	    EACH(FAKE_SENDMSG), EACH(1), EACH(-EINTR), false, 0 },
	{ "send_with_restart", open_full_stream, do_send, peer_reads,
	    EACH(FAKE_SENDTO), EACH(1), { -EINTR, -EINTR, GOES_ON }, true, 0 },
	{ "send_all", open_full_stream, do_send_all, peer_reads,
	    EACH(FAKE_POLL), EACH(3), EACH(GOES_ON), false, 0 },
	{ "accept", open_listener, do_accept, peer_connects, EACH(FAKE_ACCEPT4),
	    EACH(1), EACH(-EINTR), false, 0 },
	{ "accept_with_restart", open_listener, do_accept, peer_connects,
	    EACH(FAKE_ACCEPT4), EACH(1), EACH(GOES_ON), true, 0 },
	{ "accept_with_so_rcvtimeo", open_listener_with_limit, do_accept,
	    peer_connects, { FAKE_POLL, FAKE_POLL, FAKE_ACCEPT4 },
	    { 1, 1, INT_MAX /* it ends by itself */ },
	    { -EINTR, -EINTR, -EAGAIN }, false, 0 },
	{ "connect", open_to_a_crowd, do_connect, NULL, EACH(FAKE_CONNECT),
	    EACH(1), { GOES_ON, GOES_ON, -EINTR }, false, -ETIMEDOUT },
	{ "poll", open_stream, do_poll, peer_sends, EACH(FAKE_POLL), EACH(2),
	    EACH(GOES_ON), false, 0 },
	{ "select", open_stream, do_select, peer_sends, EACH(FAKE_POLL),
	    EACH(2), EACH(GOES_ON), false, 0 },
	{ "recv_on_a_pair", open_pair, do_recv, peer_sends, EACH(FAKE_RECVMSG),
	    { 2, 2, 1 }, EACH(-EINTR), false, 0 },
	{ "send_on_a_pair", open_full_pair, do_send, peer_reads,
	    { FAKE_POLL, FAKE_POLL, FAKE_SENDMSG }, EACH(1), EACH(-EINTR),
	    false, 0 },
	{ "read_of_an_eventfd", open_event, do_event_read, event_is_written,
	    EACH(FAKE_POLL), EACH(1), EACH(-EINTR), false, 0 },
	{ "recv_on_a_secure_socket", open_tls, do_recv, peer_sends,
	    EACH(FAKE_RECVFROM), EACH(2), EACH(-EINTR), false, 0 },
	{ "recv_on_a_secure_socket_with_restart", open_tls, do_recv, peer_sends,
	    EACH(FAKE_RECVFROM), EACH(2), EACH(GOES_ON), true, 0 },
	{ "send_on_a_secure_socket", open_full_tls, do_send, peer_reads,
	    EACH(FAKE_POLL), EACH(1), EACH(-EINTR), false, 0 },
	{ "connect_of_a_secure_socket", open_to_a_silent_server, do_connect,
	    NULL, EACH(FAKE_POLL), EACH(1), EACH(GOES_ON), false, -ETIMEDOUT },
};

/* A thread that makes the call. */
struct caller {
	int (*call)(void);
	atomic_int tid;
	atomic_bool done;
	int rc;
};

static void *
call(void *arg)
{
	struct caller *c = arg;

	atomic_store(&c->tid, gettid());
	c->rc = c->call();
	atomic_store(&c->done, true);
	return NULL;
}

/* Does the thread sleep in the kernel? */
static bool
is_asleep(int tid)
{
	char path[64], text[512] = "";
	const char *state;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	file = fopen(path, "r");
	if (file == NULL)
		return false;
	(void)fgets(text, sizeof(text), file);
	fclose(file);
	state = strrchr(text, ')'); /* what comes after the name */
	return state != NULL && state[1] == ' ' && state[2] == 'S';
}

static void
await_sleep(struct caller *c, enum fake_call at, int nth)
{
	while (!atomic_load(&c->done) &&
	    (fake_kernel_count(at) < nth || !is_asleep(atomic_load(&c->tid))))
		sched_yield();
}

/* One signal, which the thread has handled when this returns. */
static void
interrupt(pthread_t thread, const struct caller *c)
{
	const int before = atomic_load(&handled);

	assert_int_equal(pthread_kill(thread, SIGUSR1), 0);
	while (atomic_load(&handled) == before && !atomic_load(&c->done))
		sched_yield();
}

static void
goes_on(const struct row *r, struct caller *c, pthread_t thread,
    enum fake_call at, int nth)
{
	for (int i = 0; i < SIGNALS; i++) {
		assert_true(r->finish == NULL || !atomic_load(&c->done));
		interrupt(thread, c);
		await_sleep(c, at, nth);
	}
	if (r->finish != NULL)
		r->finish();
	(void)loop_join(thread);
	if (r->finish != NULL)
		assert_true(c->rc >= 0);
	else
		assert_int_equal(c->rc, r->end);
}

/* The next call finds all that there is. */
static void
is_interrupted(const struct row *r, struct caller *c, pthread_t thread,
    int want)
{
	interrupt(thread, c);
	(void)loop_join(thread);
	assert_int_equal(c->rc, want);
	if (r->finish == NULL)
		return;
	r->finish();
	c->rc = r->call();
	assert_true(c->rc >= 0);
}

struct cell {
	const struct row *row;
	enum profile profile;
};

static void
signal_during_a_call(void **state)
{
	const struct cell *cell = *state;
	const struct row *r = cell->row;
	const enum profile p = cell->profile;
	const struct sigaction action = { .sa_handler = handle,
		.sa_flags = r->restart ? SA_RESTART : 0 };
	struct caller c = { .call = r->call };
	pthread_t thread;

	profile_set(p);
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	r->open();
	fake_kernel_install();
	thread = loop_start(call, &c);
	await_sleep(&c, r->at[p], r->nth[p]);
	if (r->want[p] == GOES_ON)
		goes_on(r, &c, thread, r->at[p], r->nth[p]);
	else
		is_interrupted(r, &c, thread, r->want[p]);
	fake_kernel_remove();
	if (r->call == do_accept && c.rc >= 0)
		(void)quirks_keep(c.rc);
}

static int
begin(void **state)
{
	(void)state;
	return quirks_begin();
}

static int
end(void **state)
{
	(void)state;
	fake_kernel_remove();
	quirks_end();
	while (n_kfds > 0)
		close(kfds[--n_kfds]);
	return 0;
}

int
main(void)
{
	struct CMUnitTest tests[LEN(rows) * PROFILE_COUNT];
	struct cell cells[LEN(tests)];
	char names[LEN(tests)][64];
	struct pki pki;
	int rc;

	pki_init(&pki, PKI_EC);
	pki_store_ca(LOOP_CA_TAG, &pki.ca);
	pki_store_identity(LOOP_SERVER_TAG, &pki.server);
	for (size_t i = 0; i < LEN(tests); i++) {
		cells[i] = (struct cell){ &rows[i / PROFILE_COUNT],
			(enum profile)(i % PROFILE_COUNT) };
		snprintf(names[i], sizeof(names[i]), "%s_%s",
		    cells[i].row->name, profile_name(cells[i].profile));
		tests[i] = (struct CMUnitTest){ names[i], signal_during_a_call,
			begin, end, &cells[i] };
	}
	rc = cmocka_run_group_tests_name("api/signals", tests, NULL, NULL);
	pki_forget(LOOP_CA_TAG);
	pki_forget(LOOP_SERVER_TAG);
	pki_fini(&pki);
	return rc;
}
