/* poll, select, fcntl and ioctl. */
#include <stdio.h>

#include "script.h"

#define NOBODYS 900 /* a descriptor that no run comes to */
#define BOTH (POLLIN | POLLOUT)

static struct pollfd p[4];

/* Out of the compiler's sight, which knows that poll minds. */
static struct pollfd *volatile no_array;
static volatile int below_0 = -1;

static void
ask(int i, int fd, int wanted)
{
	p[i] = (struct pollfd){ .fd = fd, .events = (short)wanted };
}

static void
poll_states(struct link *l)
{
	const int fresh = N(socket)(AF_INET, SOCK_STREAM, 0);
	const int u = N(socket)(AF_INET, SOCK_DGRAM, 0);
	char buf[4];

	ask(0, fresh, BOTH);
	DO("POLL_NEW_STREAM", poll, (p, 1, 0));
	data("%s", events(p[0].revents));
	ask(0, u, BOTH);
	DO("", poll, (p, 1, 0));
	data("%s", events(p[0].revents));
	ask(0, l->listener, BOTH);
	DO("", poll, (p, 1, 0));
	data("%s", events(p[0].revents));
	ask(0, l->client, POLLIN);
	ask(1, l->server, BOTH | POLLPRI);
	DO("", poll, (p, 2, 0));
	data("%s, %s", events(p[0].revents), events(p[1].revents));
	must(N(send)(l->client, "x", 1, 0) == 1, "send");
	ask(0, l->server, POLLIN);
	ask(1, l->server, POLLIN);
	DO("", poll, (p, 2, -1));
	data("%s, %s", events(p[0].revents), events(p[1].revents));
	drop(l->client);
	l->client = -1;
	must(N(recv)(l->server, buf, 4, 0) == 1, "recv");
	await(l->server);
	ask(0, l->server, BOTH);
	DO("POLL_FIN", poll, (p, 1, 0));
	data("%s", events(p[0].revents));
	drop(fresh);
	drop(u);
}

static void
poll_arguments(const struct link *l)
{
	ask(0, -1, POLLIN);
	DO("", poll, (p, 1, 0));
	data("%s", events(p[0].revents));
	ask(0, NOBODYS, POLLIN);
	ask(1, l->server, POLLOUT);
	DO("POLL_FIN", poll, (p, 2, 10));
	data("%s, %s", events(p[0].revents), events(p[1].revents));
	ask(0, NOBODYS, POLLIN);
	DO("", poll, (p, 1, 10));
	data("%s", events(p[0].revents));
	DO("", poll, (p, 0, 0));
	DO("", poll, (NULL, 0, 10));
	DO("ARGUMENT_NULL", poll, (no_array, 1, 0));
	DO("", poll, (p, below_0, 0));
	ask(0, l->listener, 0);
	DO("", poll, (p, 1, 0));
}

/* The sets of one select, and what is in them of two descriptors. */
static fd_set r, w, e;
static struct timeval tv;

static void
fill(int a, int b)
{
	FD_ZERO(&r);
	FD_ZERO(&w);
	FD_ZERO(&e);
	FD_SET(a, &r);
	FD_SET(b, &w);
	tv = (struct timeval){ 0, 0 };
}

static void
sets(int a, int b)
{
	data("r%d%d w%d%d e%d%d", FD_ISSET(a, &r) != 0, FD_ISSET(b, &r) != 0,
	    FD_ISSET(a, &w) != 0, FD_ISSET(b, &w) != 0, FD_ISSET(a, &e) != 0,
	    FD_ISSET(b, &e) != 0);
}

static void
select_states(void)
{
	struct link l = link_up(AF_INET);
	const int a = l.client, b = l.server, all = FD_SETSIZE;
	const int gone = bound(AF_INET, SOCK_DGRAM);

	drop(gone);
	fill(a, b);
	DO("", select, (all, &r, &w, &e, &tv));
	sets(a, b);
	fill(a, b);
	FD_SET(b, &r);
	must(N(send)(a, "x", 1, 0) == 1, "send");
	await(b);
	DO("", select, (all, &r, &w, NULL, NULL));
	sets(a, b);
	fill(a, b);
	tv.tv_usec = 1000;
	DO("", select, (all, &r, NULL, NULL, &tv));
	sets(a, b);
	fill(a, b);
	tv.tv_sec = 30;
	DO("SELECT_TIME_LEFT", select, (all, NULL, &w, NULL, &tv));
	data("%s", tv.tv_sec == 30 ? "untouched" : "less is left");
	fill(a, b);
	DO("SELECT_ALL_BITS", select, (0, NULL, &w, NULL, &tv));
	sets(a, b);
	fill(gone, b);
	DO("SELECT_EBADF_CLEARS", select, (all, &r, &w, NULL, &tv));
	sets(gone, b);
	fill(a, b);
	tv.tv_sec = -1;
	DO("", select, (all, &r, &w, NULL, &tv));
	tv = (struct timeval){ 0, 1000 };
	DO("", select, (0, NULL, NULL, NULL, &tv));
	link_down(&l);
}

/* A stream that is over, in all three sets. */
static void
select_ended(void)
{
	struct link l = link_up(AF_INET);
	const int a = l.client;

	drop(l.server);
	l.server = -1;
	await(a);
	fill(a, a);
	FD_SET(a, &e);
	DO("SELECT_HUP_WRITES", select, (FD_SETSIZE, &r, &w, &e, &tv));
	sets(a, a);
	link_down(&l);
}

void
script_wait(void)
{
	struct link l = link_up(AF_INET);

	part("poll");
	poll_states(&l);
	poll_arguments(&l);
	link_down(&l);
	part("select");
	select_states();
	select_ended();
}

static const char *
mode(long flags)
{
	return (flags & O_NONBLOCK) != 0 ? "non-blocking" : "blocking";
}

void
script_control(void)
{
	struct link l = link_up(AF_INET);
	const int u = bound(AF_INET, SOCK_DGRAM), c = l.client;
	const int r1 = N(socket)(AF_INET, SOCK_DGRAM, 0);
	int n = -1, off = 0, on = 1;

	part("fcntl and ioctl");
	data("%s", mode(DO("FCNTL_GETFL", fcntl, (c, F_GETFL, 0))));
	DO("", fcntl, (c, F_SETFL, O_NONBLOCK));
	data("%s", mode(DO("FCNTL_GETFL", fcntl, (c, F_GETFL, 0))));
	DO("", fcntl, (c, F_SETFL, 0));
	DO("FCNTL_OTHER FCNTL_GETFD", fcntl, (c, F_GETFD, 0));
	DO("FCNTL_OTHER", fcntl, (c, 4242, 0));
	drop(OPEN("FCNTL_OTHER FCNTL_DUPFD", fcntl, (c, F_DUPFD, 0)));
	DO("", ioctl, (c, FIONREAD, &n));
	data("%d", n);
	must(N(send)(l.server, "abc", 3, 0) == 3, "send");
	await(c);
	DO("", ioctl, (c, FIONREAD, &n));
	data("%d", n);
	must(N(sendto)(r1, "abcde", 5, 0, v4("127.0.0.1", port_of(u)), IN4) ==
	        5,
	    "sendto");
	await(u);
	DO("", ioctl, (u, FIONREAD, &n));
	data("%d", n);
	DO("", ioctl, (c, FIONBIO, &on));
	DO("FIONBIO_ALWAYS", ioctl, (c, FIONBIO, &off));
	data("%s", mode(N(fcntl)(c, F_GETFL, 0)));
	DO("", ioctl, (c, TIOCOUTQ, &n));
	data("%d", n);
	DO("IOCTL_OTHER", ioctl, (u, TIOCOUTQ, &n));
	DO("", ioctl, (l.listener, TIOCOUTQ, &n));
	DO("IOCTL_OTHER", ioctl, (c, 4242, &n));
	DO("ARGUMENT_NULL", ioctl, (c, FIONREAD, NULL));
	drop(r1);
	drop(u);
	link_down(&l);
}
