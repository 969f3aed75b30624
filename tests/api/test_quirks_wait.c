/* The quirks of poll, select, fcntl and ioctl: every cell. */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/limits.h"
#include "support/loop.h"
#include "support/quirks.h"

#define BOTH (ZSOCK_POLLIN | ZSOCK_POLLOUT)

/* A number that no test here comes to. */
#define NOBODYS 900

static int
poll_fin(void)
{
	struct quirks_link l = quirks_link();
	char byte;

	assert_int_equal(zsock_send(l.server, "x", 1, 0), 1);
	quirks_close(l.server);
	quirks_await(l.client);
	/* While there are data, there are data. */
	assert_int_equal(quirks_poll(l.client, BOTH), BOTH);
	assert_int_equal(zsock_recv(l.client, &byte, 1, 0), 1);
	quirks_await(l.client);
	if (quirks_poll(l.client, BOTH) == BOTH)
		return 0;
	assert_int_equal(quirks_poll(l.client, BOTH),
	    ZSOCK_POLLIN | ZSOCK_POLLHUP);
	assert_int_equal(quirks_poll(l.client, ZSOCK_POLLOUT), ZSOCK_POLLHUP);
	return 1;
}

static int
poll_new_stream(void)
{
	return quirks_poll(quirks_open(NET_AF_INET, NET_SOCK_STREAM), BOTH);
}

static int
poll_listen_out(void)
{
	union quirks_addr a;

	return quirks_poll(quirks_listener(&a), BOTH);
}

static int
poll_after_failure(void)
{
	union quirks_addr a;
	const int sock = quirks_open(NET_AF_INET, NET_SOCK_STREAM);
	int revents;

	assert_int_equal(limits_set("CONFIG_NET_SOCKETS_CONNECT_TIMEOUT", 20),
	    0);
	(void)quirks_bound(NET_SOCK_STREAM, &a);
	assert_int_equal(zsock_connect(sock, &a.any, sizeof(a.in)), -1);
	revents = quirks_poll(sock, BOTH);
	if (profile_get() != PROFILE_LINUX)
		assert_int_equal(revents, ZSOCK_POLLERR | ZSOCK_POLLHUP);
	return quirks_hazards();
}

static int
nval_takes_time(int timeout_ms, bool select)
{
	struct zsock_pollfd fd = { .fd = NOBODYS, .events = ZSOCK_POLLIN };
	const int64_t begin = deadline_now_ns();
	struct timeval tv = { .tv_usec = timeout_ms * 1000 };
	zsock_fd_set r;

	if (select) {
		ZSOCK_FD_ZERO(&r);
		ZSOCK_FD_SET(NOBODYS, &r);
		assert_int_equal(zsock_select(NOBODYS + 1, &r, NULL, NULL, &tv),
		    -1);
		assert_int_equal(errno, EBADF);
	} else {
		assert_int_equal(zsock_poll(&fd, 1, timeout_ms), 1);
		assert_int_equal(fd.revents, ZSOCK_POLLNVAL);
	}
	return deadline_now_ns() - begin >= timeout_ms * INT64_C(1000000);
}

static int
poll_nval_waits(void)
{
	const int answer = nval_takes_time(30, false);

	assert_int_equal(nval_takes_time(30, true), answer);
	assert_int_equal(nval_takes_time(0, false), 1);
	return answer;
}

static int
poll_nval_errno(void)
{
	struct zsock_pollfd fd = { .fd = NOBODYS, .events = ZSOCK_POLLIN };

	errno = 0;
	assert_int_equal(zsock_poll(&fd, 1, 0), 1);
	return errno;
}

static int
poll_too_many(void)
{
	static struct zsock_pollfd fds[65];
	struct rlimit old, few;
	int answer;

	for (size_t i = 0; i < LEN(fds); i++)
		fds[i].fd = -1;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	few = old;
	few.rlim_cur = LEN(fds) - 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	answer = quirks_errno(zsock_poll(fds, LEN(fds), 0));
	assert_int_equal(zsock_poll(fds, LEN(fds) - 1, 0), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	/* Of so many not even the first is looked at. */
	assert_errno(zsock_poll(fds, (1 << 20) + 1, 0), answer);
	return answer;
}

static int
select_all_bits(void)
{
	struct quirks_link l = quirks_link();
	struct timeval tv = { 0 };
	zsock_fd_set w;

	ZSOCK_FD_ZERO(&w);
	ZSOCK_FD_SET(l.client, &w);
	return zsock_select(0, NULL, &w, NULL, &tv);
}

static int
select_hup_writes(void)
{
	struct quirks_link l = quirks_link();
	struct timeval tv = { 0 };
	zsock_fd_set w, e;

	quirks_close(l.server);
	quirks_await(l.client);
	ZSOCK_FD_ZERO(&w);
	ZSOCK_FD_ZERO(&e);
	ZSOCK_FD_SET(l.client, &w);
	ZSOCK_FD_SET(l.client, &e);
	(void)zsock_select(l.client + 1, NULL, &w, &e, &tv);
	/* In the linux profile it is not exceptional, and can be written to. */
	if (!ZSOCK_FD_ISSET(l.client, &e))
		return ZSOCK_FD_ISSET(l.client, &w) ? 2 : -1;
	return ZSOCK_FD_ISSET(l.client, &w);
}

static int
select_ebadf_clears(void)
{
	struct timeval tv = { 0 };
	zsock_fd_set r;

	ZSOCK_FD_ZERO(&r);
	ZSOCK_FD_SET(NOBODYS, &r);
	assert_int_equal(zsock_select(NOBODYS + 1, &r, NULL, NULL, &tv), -1);
	assert_int_equal(errno, EBADF);
	return !ZSOCK_FD_ISSET(NOBODYS, &r);
}

static int
select_time_left(void)
{
	struct quirks_link l = quirks_link();
	struct timeval tv = { .tv_sec = 100 };
	zsock_fd_set w;

	ZSOCK_FD_ZERO(&w);
	ZSOCK_FD_SET(l.client, &w);
	assert_int_equal(zsock_select(l.client + 1, NULL, &w, NULL, &tv), 1);
	if (tv.tv_sec == 100)
		return 0;
	assert_int_equal(tv.tv_sec, 99);
	return 1;
}

static int
fcntl_other(void)
{
	return quirks_errno(
	    zsock_fcntl(quirks_open(NET_AF_INET, NET_SOCK_STREAM), F_GETFD, 0));
}

static int
fionbio_always(void)
{
	const int sock = quirks_open(NET_AF_INET, NET_SOCK_DGRAM);
	int off = 0;

	quirks_nonblock(sock);
	assert_int_equal(zsock_ioctl(sock, ZFD_IOCTL_FIONBIO, &off), 0);
	return zsock_fcntl(sock, ZVFS_F_GETFL, 0) == ZVFS_O_NONBLOCK;
}

static int
select_negative(void)
{
	struct zsock_timeval limit = { 0, -1 };

	assert_errno(zsock_select(0, NULL, NULL, NULL, &limit), EINVAL);
	return quirks_hazards();
}

static const struct quirk_case cases[] = {
	{ "poll_fin", QUIRK_POLL_FIN, poll_fin, { 1, 1, 0 } },
	{ "poll_new_stream", QUIRK_POLL_NEW_STREAM, poll_new_stream,
	    { 0, ZSOCK_POLLOUT, ZSOCK_POLLOUT | ZSOCK_POLLHUP } },
	{ "poll_listen_out", QUIRK_POLL_LISTEN_OUT, poll_listen_out,
	    { 0, ZSOCK_POLLOUT, 0 } },
	{ "poll_after_failure", QUIRK_POLL_AFTER_FAILURE, poll_after_failure,
	    { 0, 1, 0 } },
	{ "poll_nval_waits", QUIRK_POLL_NVAL_WAITS, poll_nval_waits,
	    { 0, 1, 0 } },
	{ "poll_nval_errno", QUIRK_POLL_NVAL_ERRNO, poll_nval_errno,
	    { 0, EBADF, 0 } },
	{ "poll_too_many", QUIRK_POLL_TOO_MANY, poll_too_many,
	    { ENOMEM, ENOMEM, EINVAL } },
	{ "select_all_bits", QUIRK_SELECT_ALL_BITS, select_all_bits,
	    { 1, 1, 0 } },
	{ "select_hup_writes", QUIRK_SELECT_HUP_WRITES, select_hup_writes,
	    { 1, 0, 2 } },
	{ "select_ebadf_clears", QUIRK_SELECT_EBADF_CLEARS, select_ebadf_clears,
	    { 1, 1, 0 } },
	{ "select_time_left", QUIRK_SELECT_TIME_LEFT, select_time_left,
	    { 0, 0, 1 } },
	{ "select_negative", QUIRK_SELECT_NEGATIVE, select_negative,
	    { 1, 1, 0 } },
	{ "fcntl_other", QUIRK_FCNTL_OTHER, fcntl_other,
	    { EOPNOTSUPP, EOPNOTSUPP, 0 } },
	{ "fionbio_always", QUIRK_FIONBIO_ALWAYS, fionbio_always, { 1, 1, 0 } },
};

int
main(void)
{
	return quirks_run("api/quirks_wait", cases, LEN(cases));
}
