/* Datagrams: DTLS by protocol number, since no rule makes them secure. */
#include "prog.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int
dial_dgram(void)
{
	const struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(getenv("PEER_PORT"))),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int proto = prog_plain() ? 0 : 273, tag = 1;
	const int fd = socket(AF_INET, SOCK_DGRAM, proto);

	MUST(fd >= 0);
	if (!prog_plain()) {
		MUST_BE(setsockopt(fd, 282, 1, &tag, sizeof(tag)), 0);
		MUST_BE(setsockopt(fd, 282, 2, "localhost", 10), 0);
	}
	MUST_BE(connect(fd, (const void *)&addr, sizeof(addr)), 0);
	MUST_BE(send(fd, "!", 1, 0), 1);
	tell("take");
	tell("read 1");
	return fd;
}

/*
 * P52: two datagrams of 75 bytes, by reads of 30: a read takes the whole of a
 * datagram, whose rest is lost, and there is no stall.
 */
static void
partial(void)
{
	const int fd = dial_dgram();
	struct epoll_event ev = { .events = EPOLLIN };
	const int poller = epoll_create1(0);
	char buf[30];

	MUST_BE(epoll_ctl(poller, EPOLL_CTL_ADD, fd, &ev), 0);
	tell("send 150 75");
	for (size_t i = 0; i < 2; i++) {
		MUST_BE(polled(fd, POLLIN, 1000), POLLIN);
		MUST_BE(epoll_wait(poller, &ev, 1, 1000), 1);
		MUST_BE(recv(fd, buf, sizeof(buf), 0), 30);
		MUST(pattern_is(buf, 75 * i, 30));
	}
	MUST_FAIL(recv(fd, buf, sizeof(buf), MSG_DONTWAIT), EAGAIN);
	MUST_BE(polled(fd, POLLIN, 0), 0);
	tell("send 20 20");
	MUST_BE(polled(fd, POLLIN, 1000), POLLIN);
	MUST_BE(recv(fd, buf, sizeof(buf), 0), 20);
	MUST(pattern_is(buf, 150, 20));
	MUST_BE(close(fd), 0);
}

/* Boundaries stay, and so does the order. */
static void
whole(void)
{
	const int fd = dial_dgram();
	char buf[1000];

	tell("send 3000 100");
	for (size_t i = 0; i < 30; i++) {
		MUST_BE(recv(fd, buf, sizeof(buf), 0), 100);
		MUST(pattern_is(buf, 100 * i, 100));
	}
	MUST_BE(write(fd, "\"#$", 3), 3);
	tell("read 3");
	MUST_BE(close(fd), 0);
}

/* P17: a fork that nobody saw leaves the parent alone with the session. */
static void
raw_fork(void)
{
	const int fd = dial_dgram();
	const pid_t child = (pid_t)syscall(SYS_fork);
	const char *answer;

	MUST(child >= 0);
	if (child == 0) {
		alarm(5);
		MUST_BE(send(fd, "CHILD", 5, 0), -1);
		_exit(0);
	}
	must_end_well(child);
	MUST_BE(send(fd, "\"#$%&'", 6, 0), 6);
	tell("read 6");
	answer = tell("state");
	MUST_BE(fact(answer, "in"), 7);
	MUST_BE(fact(answer, "bad"), 0);
}

static pid_t sleeper;

static void *
receive(void *arg)
{
	char c;

	__atomic_store_n(&sleeper, (pid_t)syscall(SYS_gettid),
	    __ATOMIC_RELEASE);
	(void)!recv(*(const int *)arg, &c, 1, 0);
	return NULL;
}

/* P37: after a receive that was cancelled nobody looks round for it. */
static void
cancelled(void)
{
	int fd = dial_dgram();
	struct rusage before, after;
	pthread_t thread;
	void *result;
	char c;

	MUST_BE(pthread_create(&thread, NULL, receive, &fd), 0);
	while (__atomic_load_n(&sleeper, __ATOMIC_ACQUIRE) == 0)
		sched_yield();
	until_asleep(sleeper);
	MUST_BE(pthread_cancel(thread), 0);
	MUST_BE(pthread_join(thread, &result), 0);
	MUST(result == PTHREAD_CANCELED);
	MUST_BE(getrusage(RUSAGE_THREAD, &before), 0);
	MUST_BE(polled(fd, POLLIN, 500), 0);
	MUST_BE(getrusage(RUSAGE_THREAD, &after), 0);
	MUST(after.ru_nvcsw - before.ru_nvcsw < 8);
	tell("send 1 1");
	MUST_BE(polled(fd, POLLIN, 5000), POLLIN);
	MUST_BE(recv(fd, &c, 1, 0), 1);
}

/* A port of this machine's that nobody has any more. */
static struct sockaddr_in
nobodys_port(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t len = sizeof(addr);

	MUST(fd >= 0);
	MUST_BE(bind(fd, (void *)&addr, len), 0);
	MUST_BE(getsockname(fd, (void *)&addr, &len), 0);
	MUST_BE(close(fd), 0);
	return addr;
}

/* The queue of errors has the datagram back that did not arrive. */
static void
error_queue(void)
{
	const struct sockaddr_in addr = nobodys_port();
	const int fd = socket(AF_INET, SOCK_DGRAM, 0), one = 1;
	char buf[100], control[500];
	struct iovec v = { buf, sizeof(buf) };
	struct msghdr m = { .msg_iov = &v,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };

	MUST(fd >= 0);
	MUST_BE(setsockopt(fd, SOL_IP, IP_RECVERR, &one, sizeof(one)), 0);
	MUST_FAIL(recvmsg(fd, &m, MSG_ERRQUEUE), EAGAIN);
	MUST_BE(sendto(fd, "hello", 5, 0, (const void *)&addr, sizeof(addr)),
	    5);
	MUST_BE(polled(fd, 0, 5000), POLLERR);
	MUST_BE(recvmsg(fd, &m, MSG_ERRQUEUE), 5);
	MUST(memcmp(buf, "hello", 5) == 0);
	MUST((m.msg_flags & MSG_ERRQUEUE) != 0);
	MUST(CMSG_FIRSTHDR(&m) != NULL);
	MUST_BE(CMSG_FIRSTHDR(&m)->cmsg_type, IP_RECVERR);
	m.msg_controllen = sizeof(control);
	MUST_FAIL(recvmsg(fd, &m, MSG_ERRQUEUE), EAGAIN);
}

static const struct verb verbs[] = {
	{ "partial", partial },
	{ "whole", whole },
	{ "raw_fork", raw_fork },
	{ "cancelled", cancelled },
	{ "error_queue", error_queue },
};

PROG_MAIN(verbs)
