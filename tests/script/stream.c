/* TCP: bind to close, and what goes wrong on the way. */
#include "script.h"

/* A good address of family, in the words of the lines below. */
static struct sockaddr *
loopback(int family, int port)
{
	return family == AF_INET ? v4("127.0.0.1", port) : v6(1, port);
}

static socklen_t
size(int family)
{
	return family == AF_INET ? IN4 : IN6;
}

/* The address of a call that stores one. */
static struct sockaddr_in6 addr;
static socklen_t len;

static struct sockaddr *
stored(void)
{
	memset(&addr, 0, sizeof(addr));
	len = sizeof(addr);
	return (struct sockaddr *)&addr;
}

static void
stream_up(int family, struct link *l)
{
	struct sockaddr *a = loopback(family, 0);
	int port;

	l->listener = OPEN("", socket, (family, SOCK_STREAM, 0));
	DO("SOCKNAME_UNBOUND", getsockname, (l->listener, stored(), &len));
	DO("BIND_PORT_BACK", bind, (l->listener, a, size(family)));
	data("port %s", ((struct sockaddr_in *)a)->sin_port != 0 ? "set" : "0");
	DO("", getsockname, (l->listener, stored(), &len));
	data("%s, %d bytes, port %s", host(&addr), (int)len,
	    addr.sin6_port != 0 ? "set" : "0");
	port = ntohs(addr.sin6_port);
	DO("", listen, (l->listener, 4));
	DO("", getpeername, (l->listener, stored(), &len));
	l->client = OPEN("", socket, (family, SOCK_STREAM, 0));
	DO("", connect, (l->client, loopback(family, port), size(family)));
	l->server = OPEN("", accept, (l->listener, stored(), &len));
	data("%s, %d bytes, port %s", host(&addr), (int)len,
	    ntohs(addr.sin6_port) == port_of(l->client) ? "the client's"
	                                                : "another");
	DO("", getpeername, (l->client, stored(), &len));
	data("%s, port %s", host(&addr),
	    ntohs(addr.sin6_port) == port ? "the listener's" : "another");
	DO("", getsockname, (l->server, stored(), &len));
	data("%s, port %s", host(&addr),
	    ntohs(addr.sin6_port) == port ? "the listener's" : "another");
}

static void
stream_data(const struct link *l)
{
	char buf[16] = "";

	DO("", send, (l->client, "hello", 5, 0));
	await(l->server);
	DO("", recv, (l->server, buf, 2, MSG_PEEK));
	data("%.2s", buf);
	DO("", recv, (l->server, buf, sizeof(buf), 0));
	data("%.5s", buf);
	DO("", recv, (l->server, buf, 1, MSG_DONTWAIT));
	DO("", sendto, (l->server, "world", 5, 0, NULL, 0));
	DO("", recv, (l->client, buf, 5, MSG_WAITALL));
	data("%.5s", buf);
	DO("", write, (l->client, "xyz", 3));
	await(l->server);
	DO("RECV_STREAM_ADDR", recvfrom,
	    (l->server, buf, sizeof(buf), 0, stored(), &len));
	data("%.3s from %s, %d bytes", buf, host(&addr), (int)len);
	DO("", send, (l->client, "", 0, 0));
	DO("RECV_NOTHING", recv, (l->server, buf, 0, MSG_DONTWAIT));
	DO("", send, (l->server, "end", 3, 0));
	DO("", close, (l->server));
	DO("", read, (l->client, buf, sizeof(buf)));
	data("%.3s", buf);
	DO("", recv, (l->client, buf, sizeof(buf), 0));
	DO("", recv, (l->client, buf, sizeof(buf), 0));
	DO("", close, (l->client));
	DO("", close, (l->listener));
}

void
script_stream(int family)
{
	struct link l;

	part(family == AF_INET ? "a stream, IPv4" : "a stream, IPv6");
	stream_up(family, &l);
	stream_data(&l);
}

static void
bind_errors(void)
{
	const int port = free_port(AF_INET, SOCK_STREAM);
	const int s = N(socket)(AF_INET, SOCK_STREAM, 0);
	const int other = N(socket)(AF_INET, SOCK_STREAM, 0);
	const int s6 = N(socket)(AF_INET6, SOCK_STREAM, 0);

	part("bind, listen");
	DO("", bind, (s, v4("127.0.0.1", 0), 0));
	DO("", bind, (s, v4("127.0.0.1", 0), 1));
	DO("", bind, (s, v4("127.0.0.1", 0), 7));
	DO("ARGUMENT_NULL", bind, (s, NULL, IN4));
	DO("BIND_FOREIGN", bind, (s, v4("192.0.2.1", 0), IN4));
	DO("BIND_FOREIGN", bind, (s6, v6(7, 0), IN6));
	DO("", bind, (s6, v4("127.0.0.1", 0), IN4));
	DO("BIND_V6_ON_V4", bind, (other, v6(1, 0), IN6));
	DO("", bind, (s, v4("127.0.0.1", port), IN4));
	DO("BIND_AGAIN_STREAM", bind, (s, v4("127.0.0.1", port), IN4));
	DO("", listen, (s, 1));
	DO("", listen, (s, 2));
	DO("", bind, (other, v4("127.0.0.1", port), IN4));
	DO("", bind, (other, v4("0.0.0.0", port), IN4));
	drop(other);
	drop(s6);
	drop(s);
}

static void
address_lengths(void)
{
	const int s = N(socket)(AF_INET, SOCK_DGRAM, 0);
	const int s6 = N(socket)(AF_INET6, SOCK_DGRAM, 0);

	part("addresses of other lengths");
	DO("ADDRESS_SHORT", bind, (s, v4("127.0.0.1", 0), 8));
	DO("", bind, (s6, v6(1, 0), 23));
	DO("", bind, (s6, v6(1, 0), 24));
	drop(s6);
	drop(s);
}

static void
connect_errors(void)
{
	const int port = free_port(AF_INET, SOCK_STREAM);
	struct link l = link_up(AF_INET);
	const int s = N(socket)(AF_INET, SOCK_STREAM, 0);
	char buf[4];

	part("connect");
	DO("ARGUMENT_NULL", connect, (s, NULL, IN4));
	DO("", connect, (s, v4("127.0.0.1", port), 1));
	DO("CONNECT_FAMILY", connect, (s, v6(1, port), IN6));
	DO("CONNECT_REFUSED", connect, (s, v4("127.0.0.1", port), IN4));
	DO("CONNECT_AGAIN", connect,
	    (l.client, v4("127.0.0.1", port_of(l.listener)), IN4));
	DO("CONNECT_LISTENER", connect,
	    (l.listener, v4("127.0.0.1", port_of(l.listener)), IN4));
	DO("BIND_AGAIN_STREAM", bind, (l.client, v4("127.0.0.1", 0), IN4));
	DO("", listen, (l.client, 1));
	DO("", accept, (l.client, NULL, NULL));
	nonblock(l.listener);
	DO("", accept, (l.listener, NULL, NULL));
	DO("SEND_UNCONNECTED", send, (l.listener, "x", 1, 0));
	DO("", recv, (l.listener, buf, 1, 0));
	link_down(&l);
	drop(s);
}

static void
unconnected(void)
{
	const int s = N(socket)(AF_INET, SOCK_STREAM, 0);
	char buf[4];

	part("a stream that is not connected");
	DO("SEND_UNCONNECTED", send, (s, "x", 1, 0));
	DO("", recv, (s, buf, 1, 0));
	DO("RECV_NOTHING", recv, (s, buf, 0, 0));
	DO("", getpeername, (s, stored(), &len));
	DO("", accept, (s, NULL, NULL));
	DO("SHUTDOWN_WR", shutdown, (s, SHUT_WR));
	DO("SHUTDOWN_RD", shutdown, (s, SHUT_RD));
	DO("", shutdown, (s, 3));
	DO("", shutdown, (s, -1));
	drop(s);
}

static void
nonblocking(void)
{
	const int listener = bound(AF_INET, SOCK_STREAM);
	const int port = free_port(AF_INET, SOCK_STREAM);
	const int s = N(socket)(AF_INET, SOCK_STREAM, 0);
	const int r = N(socket)(AF_INET, SOCK_STREAM, 0);
	struct pollfd p = { .fd = s, .events = POLLOUT };
	int error = -1;

	part("connect without waiting");
	must(N(listen)(listener, 1) == 0, "listen");
	DO("", fcntl, (s, F_SETFL, O_NONBLOCK));
	DO("", connect, (s, v4("127.0.0.1", port_of(listener)), IN4));
	DO("", poll, (&p, 1, 30000));
	data("%s", events(p.revents));
	len = sizeof(error);
	DO("", getsockopt, (s, SOL_SOCKET, SO_ERROR, &error, &len));
	data("%d", error);
	nonblock(r);
	DO("", connect, (r, v4("127.0.0.1", port), IN4));
	p.fd = r;
	DO("POLL_AFTER_FAILURE", poll, (&p, 1, 30000));
	data("%s", events(p.revents));
	len = sizeof(error);
	DO("", getsockopt, (r, SOL_SOCKET, SO_ERROR, &error, &len));
	data("%s", error_name(error));
	len = sizeof(error);
	DO("SO_ERROR_STAYS", getsockopt,
	    (r, SOL_SOCKET, SO_ERROR, &error, &len));
	data("%s", error_name(error));
	drop(listener);
	drop(s);
	drop(r);
}

/* The peer has ended its half, or the whole of it. */
static void
endings(void)
{
	struct link l = link_up(AF_INET), r = link_up(AF_INET);
	struct linger now = { .l_onoff = 1, .l_linger = 0 };
	char buf[8] = "";

	part("shutdown, FIN and RST");
	DO("", send, (l.client, "left", 4, 0));
	await(l.server);
	DO("", shutdown, (l.server, SHUT_RD));
	DO("SHUTDOWN_RD", recv, (l.server, buf, sizeof(buf), 0));
	DO("SHUTDOWN_WR", shutdown, (l.server, SHUT_RDWR));
	link_down(&l);
	DO("", setsockopt,
	    (r.server, SOL_SOCKET, SO_LINGER, &now, sizeof(now)));
	drop(r.server);
	r.server = -1;
	await(r.client);
	DO("", recv, (r.client, buf, 1, 0));
	DO("RECV_ERROR_STAYS", recv, (r.client, buf, 1, 0));
	DO("SEND_BROKEN", send, (r.client, "x", 1, 0));
	link_down(&r);
}

void
script_stream_errors(void)
{
	bind_errors();
	address_lengths();
	connect_errors();
	unconnected();
	nonblocking();
	endings();
}
