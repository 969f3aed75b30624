/* Waiting: poll, select and epoll are right about what is to be read. */
#include "prog.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <unistd.h>

static int epoll_fd = -1;

static void
epoll_begin(int fd, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data.fd = fd };

	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	MUST(epoll_fd >= 0);
	MUST_BE(epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev), 0);
}

static bool
by_epoll(int fd, int ms)
{
	struct epoll_event ev;

	(void)fd;
	return epoll_wait(epoll_fd, &ev, 1, ms) == 1 &&
	    (ev.events & EPOLLIN) != 0;
}

static bool
by_poll(int fd, int ms)
{
	return polled(fd, POLLIN, ms) == POLLIN;
}

static bool
by_select(int fd, int ms)
{
	struct timeval tv = { .tv_sec = ms / 1000,
		.tv_usec = ms % 1000 * 1000 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fd, &set);
	return select(fd + 1, &set, NULL, NULL, &tv) == 1 && FD_ISSET(fd, &set);
}

static bool
by_ppoll(int fd, int ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	const struct timespec ts = { .tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000 };

	return ppoll(&p, 1, &ts, NULL) == 1 && p.revents == POLLIN;
}

static bool
by_pselect(int fd, int ms)
{
	const struct timespec ts = { .tv_sec = ms / 1000,
		.tv_nsec = ms % 1000 * 1000000 };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(fd, &set);
	return pselect(fd + 1, &set, NULL, NULL, &ts, NULL) == 1;
}

/* P2: one record of 3000 bytes, read by sevens, after a wait each time. */
static void
by_sevens(bool (*wait)(int, int))
{
	const int fd = dial_and_take(SOCK_NONBLOCK);
	char buf[7];
	size_t got = 0;

	epoll_begin(fd, EPOLLIN);
	tell("send 3000 3000");
	while (got < 3000) {
		ssize_t n;

		MUST(wait(fd, 1000));
		n = recv(fd, buf, sizeof(buf), 0);
		if (n < 0 && errno == EAGAIN)
			continue;
		MUST(n > 0);
		MUST(pattern_is(buf, got, (size_t)n));
		got += (size_t)n;
	}
	MUST(!wait(fd, 0));
	close(fd);
}

static void
sevens_epoll(void)
{
	by_sevens(by_epoll);
}

static void
sevens_poll(void)
{
	by_sevens(by_poll);
}

static void
sevens_select(void)
{
	by_sevens(by_select);
}

static void
sevens_ppoll(void)
{
	by_sevens(by_ppoll);
}

static void
sevens_pselect(void)
{
	by_sevens(by_pselect);
}

/* P3: three records are there; a read that was short was the last one. */
static void
edge(void)
{
	const int fd = dial_and_take(SOCK_NONBLOCK);
	char buf[200];
	size_t got = 0;

	epoll_begin(fd, EPOLLIN | EPOLLET);
	tell("send 300 100");
	while (got < 300) {
		ssize_t n;

		MUST(by_epoll(fd, 1000));
		do {
			n = recv(fd, buf, sizeof(buf), 0);
			if (n < 0 && errno == EAGAIN)
				break;
			MUST(n > 0);
			MUST(pattern_is(buf, got, (size_t)n));
			got += (size_t)n;
		} while (n == sizeof(buf));
	}
	MUST_BE(got, 300);
	close(fd);
}

/*
 * P4, P5: a record comes in three pieces.  Nothing but its last wakes for long,
 * and reads of size bytes get all of it.
 */
static void
pieces(size_t size)
{
	const int fd = dial_and_take(SOCK_NONBLOCK);
	char buf[4096];
	size_t got = 0;
	int wakes = 0, reads = 0;

	epoll_begin(fd, EPOLLIN);
	tell("segs 3000 3");
	for (int piece = 0; piece < 3; piece++) {
		tell("seg");
		/* Each piece may wake it; what stays is nothing, or data. */
		while (by_epoll(fd, piece == 2 && got < 3000 ? 1000 : 50)) {
			const ssize_t n = recv(fd, buf, size, 0);

			wakes++;
			MUST(n > 0 || (n < 0 && errno == EAGAIN));
			if (n < 0) {
				MUST(wakes <= reads + 6);
				continue;
			}
			reads++;
			MUST(pattern_is(buf, got, (size_t)n));
			got += (size_t)n;
		}
	}
	MUST_BE(got, 3000);
	MUST(wakes <= reads + 3);
	close(fd);
}

static void
pieces_whole(void)
{
	pieces(4096);
}

static void
pieces_sevens(void)
{
	pieces(7);
}

/* P8: the peer says goodbye, and its connection stays. */
static void
goodbye(void)
{
	const int fd = dial_and_take(0);
	char c;

	epoll_begin(fd, EPOLLIN);
	tell("send 5 5");
	tell("notify");
	for (size_t i = 0; i < 5; i++) {
		MUST(by_poll(fd, 1000) || (polled(fd, POLLIN, 0) & POLLIN));
		MUST_BE(recv(fd, &c, 1, 0), 1);
	}
	for (int i = 0; i < 2; i++) {
		MUST((polled(fd, POLLIN, 1000) & POLLIN) != 0);
		MUST(by_epoll(fd, 1000));
		MUST(by_select(fd, 1000));
		MUST_BE(recv(fd, &c, 1, 0), 0);
	}
	close(fd);
}

/* P8: the other direction is still open. */
static void
half_close(void)
{
	const int fd = dial_and_take(0);
	char c;

	tell("notify");
	MUST_BE(recv(fd, &c, 1, 0), 0);
	MUST_BE(send(fd, "!\"#", 3, MSG_NOSIGNAL), 3);
	tell("read 3");
	MUST_BE(close(fd), 0);
	MUST(says(tell("end"), " bad=0 end=eof"));
}

/* P9: SO_RCVLOWAT does not hide what is left of a record. */
static void
low_water(void)
{
	const int fd = dial_and_take(0);
	socklen_t len = sizeof(int);
	int mark = 100;
	char c;

	tell("send 100 100");
	MUST_BE(setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &mark, len), 0);
	MUST_BE(recv(fd, &c, 1, 0), 1);
	MUST_BE(polled(fd, POLLIN, 1000), POLLIN);
	mark = 0;
	MUST_BE(getsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &mark, &len), 0);
	MUST_BE(mark, 100);
	close(fd);
}

/* P32: FIONREAD is what can be read. */
static void
fionread(void)
{
	const int fd = dial_and_take(0);
	char buf[100];
	int n = -1;

	tell("send 100 100");
	MUST(by_poll(fd, 5000));
	MUST_BE(recv(fd, buf, 1, 0), 1);
	MUST_BE(ioctl(fd, FIONREAD, &n), 0);
	MUST_BE(n, 99);
	MUST_BE(recv(fd, buf, 99, 0), 99);
	MUST_BE(ioctl(fd, FIONREAD, &n), 0);
	MUST_BE(n, 0);
	close(fd);
}

/* P7: MSG_PEEK leaves it there, as often as it is asked. */
static void
peek(void)
{
	const int fd = dial_and_take(0);
	char buf[300];

	tell("send 300 300");
	for (int i = 0; i < 3; i++) {
		MUST_BE(recv(fd, buf, 50, MSG_PEEK), 50);
		MUST(pattern_is(buf, 0, 50));
		MUST(by_poll(fd, 1000));
	}
	MUST_BE(recv(fd, buf, 20, 0), 20);
	MUST_BE(recv(fd, buf, 300, MSG_PEEK), 280);
	MUST(pattern_is(buf, 20, 280));
	MUST_BE(recv(fd, buf, 280, MSG_WAITALL), 280);
	MUST(pattern_is(buf, 20, 280));
	MUST_FAIL(recv(fd, buf, 1, MSG_PEEK | MSG_DONTWAIT), EAGAIN);
	close(fd);
}

/* Nothing but tickets has come: a poll that tells so is not believed. */
static void
no_data(void)
{
	const int fd = dial_and_take(0);
	char c;

	for (int i = 0; i < 3; i++) {
		if (polled(fd, POLLIN, 50) != 0)
			MUST_FAIL(recv(fd, &c, 1, MSG_DONTWAIT), EAGAIN);
		MUST(!by_select(fd, 0));
	}
	MUST_FAIL(recv(fd, &c, 1, MSG_DONTWAIT), EAGAIN);
	must_echo(fd, "and back");
	close(fd);
}

/* P9: a mark from before the connection, of which the kernel must not keep it. */
static void
low_water_before(void)
{
	const struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(getenv("PEER_PORT"))),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = sizeof(int);
	int mark = 100;
	char buf[100];

	MUST(fd >= 0);
	MUST_BE(setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &mark, len), 0);
	MUST_BE(connect(fd, (const void *)&addr, sizeof(addr)), 0);
	tell("take");
	mark = 0;
	MUST_BE(getsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &mark, &len), 0);
	MUST_BE(mark, 100);
	epoll_begin(fd, EPOLLIN);
	tell("send 300 300");
	MUST_BE(recv(fd, buf, sizeof(buf), 0), 100);
	MUST(by_epoll(fd, 1000));
	MUST(by_poll(fd, 1000));
	close(fd);
}

/* P9: and a listener's is that of what it accepts. */
static void
low_water_of_a_listener(void)
{
	int port, mark = 100;
	const int listener = listen_there(0, &port);
	socklen_t len = sizeof(mark);
	int fd;

	MUST_BE(setsockopt(listener, SOL_SOCKET, SO_RCVLOWAT, &mark, len), 0);
	tell("dial %d", port);
	fd = accept(listener, NULL, NULL);
	MUST(fd >= 0);
	mark = 0;
	MUST_BE(getsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &mark, &len), 0);
	MUST_BE(mark, 100);
	close(fd);
}

/* The other names of what poll is asked, and the end of what the peer sends. */
static void
other_events(void)
{
	const int fd = dial_and_take(0);

	MUST_BE(polled(fd, POLLWRNORM, 1000), POLLWRNORM);
	MUST_BE(polled(fd, POLLRDNORM | POLLRDHUP, 0), 0);
	tell("send 100 100");
	MUST_BE(polled(fd, POLLRDNORM, 1000), POLLRDNORM);
	MUST_BE(polled(fd, POLLRDNORM | POLLOUT, 1000), POLLRDNORM | POLLOUT);
	MUST_BE(polled(fd, POLLIN | POLLRDNORM, 1000), POLLIN | POLLRDNORM);
	tell("shutwr");
	MUST_BE(polled(fd, POLLRDHUP, 1000), POLLRDHUP);
	epoll_begin(fd, EPOLLRDHUP);
	MUST_BE(epoll_wait(epoll_fd, &(struct epoll_event){ 0 }, 1, 1000), 1);
	close(fd);
}

/* P8: after the peer's goodbye there is no POLLHUP while ours is not said. */
static void
no_hup(void)
{
	const int fd = dial_and_take(0);
	struct epoll_event ev = { 0 };
	char c;

	tell("notify");
	MUST_BE(recv(fd, &c, 1, 0), 0);
	MUST_BE(polled(fd, POLLOUT, 1000), POLLOUT);
	epoll_begin(fd, EPOLLOUT);
	MUST_BE(epoll_wait(epoll_fd, &ev, 1, 1000), 1);
	MUST_BE(ev.events, EPOLLOUT);
	MUST_BE(send(fd, "!", 1, MSG_NOSIGNAL), 1);
	tell("read 1");
	MUST_BE(shutdown(fd, SHUT_WR), 0);
	MUST((polled(fd, 0, 1000) & POLLHUP) != 0);
	close(fd);
}

/* P13: an idle connection at number 0 wakes nobody. */
static void
on_zero(void)
{
	int fd;
	char buf[10];

	MUST_BE(close(0), 0);
	fd = dial_and_take(0);
	MUST_BE(fd, 0);
	epoll_begin(fd, EPOLLIN);
	MUST_BE(epoll_wait(epoll_fd, &(struct epoll_event){ 0 }, 1, 100), 0);
	tell("send 10 10");
	MUST(by_poll(fd, 1000));
	MUST_BE(read(fd, buf, sizeof(buf)), 10);
	MUST(pattern_is(buf, 0, 10));
	MUST_BE(write(fd, "!", 1), 1);
	tell("read 1");
}

/* Some give select the most descriptors that there could be. */
static void
wide_select(void)
{
	struct {
		fd_set set;
		char after[8192];
	} wide;
	struct rlimit limit;
	int fd, copy, n;

	MUST_BE(getrlimit(RLIMIT_NOFILE, &limit), 0);
	if (limit.rlim_max < 4096)
		prog_skip("RLIMIT_NOFILE cannot be raised here");
	limit.rlim_cur = limit.rlim_max < 65536 ? limit.rlim_max : 65536;
	MUST_BE(setrlimit(RLIMIT_NOFILE, &limit), 0);
	fd = dial(0);
	copy = dup(fd);
	for (int i = 0; i < 2; i++) {
		const int one = i == 0 ? copy : socket(AF_UNIX, SOCK_DGRAM, 0);

		memset(&wide, 0x41, sizeof(wide));
		FD_ZERO(&wide.set);
		FD_SET(one, &wide.set);
		n = select(getdtablesize(), NULL, &wide.set, NULL, NULL);
		MUST_BE(n, 1);
		MUST(FD_ISSET(one, &wide.set));
		for (size_t k = 0; k < sizeof(wide.after); k++)
			MUST_BE(wide.after[k], 0x41);
	}
	must_echo(copy, "and back");
}

static const struct verb verbs[] = {
	{ "sevens_epoll", sevens_epoll },
	{ "sevens_poll", sevens_poll },
	{ "sevens_select", sevens_select },
	{ "sevens_ppoll", sevens_ppoll },
	{ "sevens_pselect", sevens_pselect },
	{ "edge", edge },
	{ "pieces_whole", pieces_whole },
	{ "pieces_sevens", pieces_sevens },
	{ "goodbye", goodbye },
	{ "half_close", half_close },
	{ "low_water", low_water },
	{ "fionread", fionread },
	{ "peek", peek },
	{ "no_data", no_data },
	{ "low_water_before", low_water_before },
	{ "low_water_of_a_listener", low_water_of_a_listener },
	{ "other_events", other_events },
	{ "no_hup", no_hup },
	{ "on_zero", on_zero },
	{ "wide_select", wide_select },
};

PROG_MAIN(verbs)
