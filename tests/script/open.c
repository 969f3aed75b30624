/* socket, close, socketpair, and calls on what is no socket. */
#include <limits.h>
#include <sys/un.h>

#include "script.h"

#define NOBODYS 900 /* a descriptor that no run comes to */

static void
open_kinds(void)
{
	part("socket");
	drop(OPEN("", socket, (AF_INET, SOCK_STREAM, 0)));
	drop(OPEN("", socket, (AF_INET, SOCK_STREAM, IPPROTO_TCP)));
	drop(OPEN("", socket, (AF_INET, SOCK_DGRAM, 0)));
	drop(OPEN("", socket, (AF_INET, SOCK_DGRAM, IPPROTO_UDP)));
	drop(OPEN("", socket, (AF_INET6, SOCK_STREAM, 0)));
	drop(OPEN("", socket, (AF_INET6, SOCK_DGRAM, 0)));
	drop(OPEN("", socket, (AF_INET, SOCK_STREAM, IPPROTO_UDP)));
	drop(OPEN("", socket, (AF_INET, SOCK_DGRAM, IPPROTO_TCP)));
	drop(OPEN("SOCKET_ARGUMENTS", socket, (AF_INET, SOCK_STREAM, 4242)));
	drop(OPEN("SOCKET_ARGUMENTS", socket, (AF_INET, SOCK_STREAM, -1)));
	drop(OPEN("SOCKET_ARGUMENTS", socket, (AF_INET, SOCK_SEQPACKET, 0)));
	drop(OPEN("SOCKET_ARGUMENTS", socket, (AF_INET, 15, 0)));
	drop(OPEN("SOCKET_ARGUMENTS", socket, (AF_INET, -1, 0)));
	drop(OPEN("SOCKET_ARGUMENTS", socket,
	    (AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)));
	drop(OPEN("SOCKET_ARGUMENTS", socket,
	    (AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)));
	drop(OPEN("SOCKET_ARGUMENTS", socket, (AF_UNIX, SOCK_DGRAM, 0)));
	drop(OPEN("RAW", socket, (AF_INET, SOCK_RAW, IPPROTO_UDP)));
	drop(OPEN("", socket, (AF_UNSPEC, SOCK_STREAM, 0)));
	drop(OPEN("", socket, (999, SOCK_STREAM, 0)));
	drop(OPEN("", socket, (-1, SOCK_STREAM, 0)));
}

/* The lowest number that is free is given next. */
static void
open_numbers(void)
{
	const int a = N(socket)(AF_INET, SOCK_DGRAM, 0);
	const int b = N(socket)(AF_INET, SOCK_DGRAM, 0);
	const int c = N(socket)(AF_INET6, SOCK_STREAM, 0);

	part("numbers");
	DO("", close, (b));
	data("%s", b > a && c > b ? "rising" : "falling");
	DO("", close, (a));
	data("%s",
	    OPEN("", socket, (AF_INET, SOCK_STREAM, 0)) == a ? "the lowest"
	                                                     : "another");
	data("%s",
	    OPEN("", socket, (AF_INET, SOCK_STREAM, 0)) == b ? "the next"
	                                                     : "another");
	DO("", close, (a));
	DO("", close, (a));
	DO("", close, (b));
	DO("", close, (c));
	DO("", close, (-1));
	DO("", close, (NOBODYS));
	DO("", close, (INT_MAX));
}

static void
open_nothing(void)
{
	char buf[8] = "";
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t len = sizeof(a);
	int value = 0;

	part("no socket");
	DO("", shutdown, (NOBODYS, SHUT_RD));
	DO("", bind, (-1, v4("127.0.0.1", 0), IN4));
	DO("", connect, (NOBODYS, v4("127.0.0.1", 1), IN4));
	DO("", listen, (-1, 1));
	DO("", accept, (NOBODYS, NULL, NULL));
	DO("", send, (-1, buf, 1, 0));
	DO("", sendto, (NOBODYS, buf, 1, 0, v4("127.0.0.1", 1), IN4));
	DO("", sendmsg, (-1, &m, 0));
	DO("", recv, (NOBODYS, buf, 1, 0));
	DO("", recvfrom, (-1, buf, 1, 0, (struct sockaddr *)&a, &len));
	DO("", recvmsg, (NOBODYS, &m, 0));
	DO("", read, (-1, buf, 1));
	DO("", write, (NOBODYS, buf, 1));
	DO("", fcntl, (-1, F_GETFL, 0));
	DO("", ioctl, (NOBODYS, FIONREAD, &value));
	DO("", getsockname, (-1, (struct sockaddr *)&a, &len));
	DO("", getpeername, (NOBODYS, (struct sockaddr *)&a, &len));
	DO("", getsockopt, (-1, SOL_SOCKET, SO_TYPE, &value, &len));
	DO("", setsockopt, (NOBODYS, SOL_SOCKET, SO_REUSEADDR, &value, 4));
}

void
script_open(void)
{
	open_kinds();
	open_numbers();
	open_nothing();
}

static void
pair_arguments(int sv[2])
{
	part("socketpair");
	DO("PAIR_ARGUMENTS", socketpair, (AF_INET, SOCK_STREAM, 0, sv));
	DO("", socketpair, (999, SOCK_STREAM, 0, sv));
	DO("PAIR_ARGUMENTS", socketpair, (AF_UNIX, 15, 0, sv));
	if (DO("PAIR_ARGUMENTS", socketpair, (AF_UNIX, SOCK_DGRAM, 0, sv)) ==
	    0) {
		drop(sv[0]);
		drop(sv[1]);
	}
	DO("", socketpair, (AF_UNIX, SOCK_STREAM, 99, sv));
	DO("", socketpair, (AF_UNIX, SOCK_STREAM, 0, NULL));
	DO("", socketpair, (AF_UNIX, SOCK_STREAM, 0, sv));
	data("%s", sv[0] < sv[1] ? "rising" : "falling");
}

static void
pair_data(const int sv[2])
{
	static const char lots[4096];
	struct iovec iov[2] = { { (void *)"ab", 2 }, { (void *)"cd", 2 } };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };
	char buf[16] = "";
	int n = 0;

	DO("", send, (sv[0], "hello", 5, 0));
	DO("", ioctl, (sv[1], FIONREAD, &n));
	data("%d", n);
	DO("", recv, (sv[1], buf, 2, 0));
	data("%.2s", buf);
	DO("", recv, (sv[1], buf, 1, MSG_PEEK));
	DO("PAIR_FLAGS", recv, (sv[1], buf, sizeof(buf), 0));
	DO("", write, (sv[1], "xyz", 3));
	DO("", read, (sv[0], buf, sizeof(buf)));
	data("%.3s", buf);
	DO("", sendmsg, (sv[0], &m, 0));
	DO("", recv, (sv[1], buf, sizeof(buf), 0));
	data("%.4s", buf);
	DO("PAIR_EMPTY", send, (sv[0], "", 0, 0));
	DO("PAIR_EMPTY", recv, (sv[0], buf, 0, MSG_DONTWAIT));
	nonblock(sv[0]);
	nonblock(sv[1]);
	DO("", recv, (sv[0], buf, 1, 0));
	DO("PAIR_BUFFER", send, (sv[0], lots, 100, 0));
	DO("", fcntl, (sv[0], F_SETFL, O_NONBLOCK));
}

static void
pair_calls(const int sv[2])
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	socklen_t len = sizeof(a);
	int value = 0;
	struct sockaddr *sa = (struct sockaddr *)&a;

	DO("PAIR_NAMES", getsockname, (sv[0], sa, &len));
	len = sizeof(a);
	DO("PAIR_NAMES", getpeername, (sv[0], sa, &len));
	DO("PAIR_NAMES", accept, (sv[0], NULL, NULL));
	DO("", listen, (sv[0], 1));
	DO("PAIR_CALLS", connect, (sv[0], v4("127.0.0.1", 1), IN4));
	DO("PAIR_CALLS", bind, (sv[0], v4("127.0.0.1", 1), IN4));
	len = sizeof(value);
	DO("PAIR_CALLS", getsockopt,
	    (sv[0], SOL_SOCKET, SO_TYPE, &value, &len));
}

static void
pair_end(const int sv[2])
{
	struct pollfd p = { .fd = sv[0], .events = POLLIN | POLLOUT };
	char buf[128] = "";

	DO("PAIR_BUFFER", recv, (sv[1], buf, sizeof(buf), 0));
	DO("", send, (sv[1], "last", 4, 0));
	DO("", close, (sv[1]));
	DO("", recv, (sv[0], buf, sizeof(buf), 0));
	data("%.4s", buf);
	DO("", recv, (sv[0], buf, sizeof(buf), 0));
	DO("PAIR_POLL_CLOSED", poll, (&p, 1, 0));
	data("%s", events(p.revents));
	DO("", send, (sv[0], "x", 1, 0));
	DO("PAIR_CALLS", shutdown, (sv[0], SHUT_WR));
	DO("", close, (sv[0]));
	DO("", recv, (sv[0], buf, 1, 0));
}

void
script_pair(void)
{
	int sv[2] = { -1, -1 };

	pair_arguments(sv);
	pair_data(sv);
	pair_calls(sv);
	pair_end(sv);
}
