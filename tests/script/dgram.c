/* UDP, and messages of several buffers. */
#include <stdint.h>

#include "script.h"

static struct sockaddr_in6 addr;
static socklen_t len;

static struct sockaddr *
stored(void)
{
	memset(&addr, 0, sizeof(addr));
	len = sizeof(addr);
	return (struct sockaddr *)&addr;
}

static struct sockaddr *
to(int family, int port)
{
	return family == AF_INET ? v4("127.0.0.1", port) : v6(1, port);
}

static socklen_t
size(int family)
{
	return family == AF_INET ? IN4 : IN6;
}

void
script_dgram(int family)
{
	char buf[8] = "";
	int s, r, port;

	part(family == AF_INET ? "datagrams, IPv4" : "datagrams, IPv6");
	s = OPEN("", socket, (family, SOCK_DGRAM, 0));
	r = OPEN("", socket, (family, SOCK_DGRAM, IPPROTO_UDP));
	DO("", bind, (r, to(family, 0), size(family)));
	port = port_of(r);
	DO("", sendto, (s, "hello", 5, 0, to(family, port), size(family)));
	await(r);
	DO("", recvfrom, (r, buf, sizeof(buf), 0, stored(), &len));
	data("%.5s from %s, %d bytes", buf, host(&addr), (int)len);
	DO("", sendto, (s, "", 0, 0, to(family, port), size(family)));
	await(r);
	DO("", recv, (r, buf, sizeof(buf), 0));
	DO("", connect, (s, to(family, port), size(family)));
	DO("", getpeername, (s, stored(), &len));
	data("%s", host(&addr));
	DO("", send, (s, "0123456789", 10, 0));
	await(r);
	DO("", recv, (r, buf, 4, MSG_PEEK | MSG_TRUNC));
	DO("", recv, (r, buf, 4, 0));
	data("%.4s", buf);
	DO("", recv, (r, buf, 4, MSG_DONTWAIT));
	DO("", write, (s, "w", 1));
	await(r);
	DO("", recv, (r, buf, 0, MSG_DONTWAIT));
	DO("RECV_NOTHING", recv, (r, buf, 4, MSG_DONTWAIT));
	DO("", close, (s));
	DO("", close, (r));
}

static void
send_errors(void)
{
	static char large[70000];
	const int s = N(socket)(AF_INET, SOCK_DGRAM, 0);
	const int s6 = N(socket)(AF_INET6, SOCK_DGRAM, 0);
	struct sockaddr odd = { .sa_family = 999 };

	part("datagrams that are not sent");
	DO("", send, (s, "x", 1, 0));
	DO("", sendto, (s, "x", 1, 0, v4("127.0.0.1", 9), 3));
	DO("SEND_DEST_V6", sendto, (s, "x", 1, 0, v6(1, 9), IN6));
	DO("SEND_DEST_FAMILY", sendto, (s, "x", 1, 0, &odd, sizeof(odd)));
	DO("SEND_DEST_V4", sendto, (s6, "x", 1, 0, v4("127.0.0.1", 9), IN4));
	DO("SEND_DEST_NOWHERE", sendto,
	    (s, "x", 1, 0, v4("127.0.0.1", 0), IN4));
	DO("SEND_OVERSIZE", sendto,
	    (s, large, sizeof(large), 0, v4("127.0.0.1", 9), IN4));
	DO("ARGUMENT_NULL", sendto, (s, NULL, 1, 0, v4("127.0.0.1", 9), IN4));
	DO("SEND_BROADCAST", sendto,
	    (s, "x", 1, 0, v4("127.255.255.255", 9), IN4));
	drop(s6);
	drop(s);
}

static void
recv_errors(void)
{
	const int r = bound(AF_INET, SOCK_DGRAM), port = port_of(r);
	const int s = N(socket)(AF_INET, SOCK_DGRAM, 0);
	char buf[8];

	part("datagrams that are not received");
	must(N(sendto)(s, "x", 1, 0, v4("127.0.0.1", port), IN4) == 1,
	    "sendto");
	await(r);
	(void)stored();
	len = 3;
	DO("RECV_SHORT_ADDRLEN", recvfrom,
	    (r, buf, sizeof(buf), 0, (struct sockaddr *)&addr, &len));
	DO("RECV_SHORT_ADDRLEN", recv, (r, buf, 1, MSG_DONTWAIT));
	must(N(sendto)(s, "x", 1, 0, v4("127.0.0.1", port), IN4) == 1,
	    "sendto");
	await(r);
	DO("FLAGS_IGNORED", recv, (r, buf, 1, MSG_DONTWAIT | MSG_ERRQUEUE));
	DO("FLAGS_IGNORED", recv, (r, buf, 1, MSG_DONTWAIT));
	DO("", shutdown, (r, 7));
	DO("BIND_AGAIN_DGRAM", bind, (r, v4("127.0.0.1", 0), IN4));
	DO("BIND_AGAIN_DGRAM", bind, (s, v4("127.0.0.1", port), IN4));
	DO("", listen, (r, 1));
	DO("", accept, (r, NULL, NULL));
	DO("SHUTDOWN_RD", shutdown, (r, SHUT_RD));
	drop(s);
	drop(r);
}

static void
peers(void)
{
	const int port = free_port(AF_INET, SOCK_DGRAM);
	const int s = N(socket)(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	char buf[4];

	part("the peer of a datagram socket");
	DO("", connect, (s, v4("127.0.0.1", port), IN4));
	DO("", send, (s, "x", 1, 0));
	await_icmp(s);
	DO("DGRAM_NO_ICMP", recv, (s, buf, 1, MSG_DONTWAIT));
	DO("CONNECT_UNSPEC", connect, (s, &none, sizeof(none)));
	DO("", connect, (s, v4("0.0.0.0", port), IN4));
	DO("CONNECT_ANY_CLEARS", getpeername, (s, stored(), &len));
	DO("CONNECT_FAMILY", connect, (s, v6(1, port), IN6));
	drop(s);
}

void
script_dgram_errors(void)
{
	send_errors();
	recv_errors();
	peers();
}

static void
message_errors(int s)
{
	struct iovec iov = { NULL, 1 };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	DO("SENDMSG_NULL", sendmsg, (s, NULL, 0));
	DO("ARGUMENT_NULL", recvmsg, (s, NULL, 0));
	m.msg_name = v4("127.0.0.1", 9);
	m.msg_namelen = 3;
	DO("", sendmsg, (s, &m, 0));
	m.msg_name = NULL;
	DO("", sendmsg, (s, &m, 0));
}

void
script_message(void)
{
	char a[3] = "", b[8] = "";
	struct iovec out[3] = { { (void *)"ab", 2 }, { (void *)"", 0 },
		{ (void *)"cdef", 4 } };
	struct iovec in[2] = { { a, sizeof(a) }, { b, 2 } };
	const int r = bound(AF_INET, SOCK_DGRAM);
	const int s = N(socket)(AF_INET, SOCK_DGRAM, 0);
	struct msghdr m = { .msg_name = v4("127.0.0.1", port_of(r)),
		.msg_namelen = IN4,
		.msg_iov = out,
		.msg_iovlen = 3 };
	struct msghdr got = { .msg_name = stored(),
		.msg_namelen = sizeof(addr),
		.msg_iov = in,
		.msg_iovlen = 2 };
	struct link l = link_up(AF_INET);

	part("messages");
	DO("", sendmsg, (s, &m, 0));
	await(r);
	DO("", recvmsg, (r, &got, 0));
	data("%.3s %.2s from %s, %d bytes,%s", a, b, host(&addr),
	    (int)got.msg_namelen, got.msg_flags == MSG_TRUNC ? " cut" : "");
	got.msg_flags = MSG_CTRUNC;
	in[1].iov_len = sizeof(b);
	DO("", sendmsg, (s, &m, 0));
	await(r);
	DO("RECVMSG_FLAGS_KEPT", recvmsg, (r, &got, 0));
	data("flags %s", got.msg_flags != 0 ? "kept" : "cleared");
	m.msg_name = NULL;
	m.msg_namelen = 0;
	DO("", sendmsg, (s, &m, 0));
	DO("", sendmsg, (l.client, &m, 0));
	await(l.server);
	DO("", recvmsg, (l.server, &got, 0));
	data("%.3s %.3s", a, b);
	got.msg_iovlen = 0;
	DO("RECVMSG_NO_BUFFERS", recvmsg, (l.server, &got, MSG_DONTWAIT));
	message_errors(s);
	link_down(&l);
	drop(s);
	drop(r);
}
