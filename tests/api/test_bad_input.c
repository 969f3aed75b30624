/* NULL, lengths and numbers that cannot be: the calls on sockets. */
#include "support/test.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <zephyr/zvfs/eventfd.h>

#include "support/bad.h"

#define MAX UINT32_MAX

static char buf[16];

static const struct net_sockaddr *
in(void)
{
	return (const struct net_sockaddr *)&bad.in;
}

static const struct net_sockaddr *
in6(void)
{
	return (const struct net_sockaddr *)&bad.in6;
}

/* An address of this family and length, which is all of its memory. */
static const struct net_sockaddr *
cut(int family, size_t len)
{
	static void *last;
	net_sa_family_t f = (net_sa_family_t)family;

	free(last);
	last = calloc(1, len > 0 ? len : 1);
	assert_non_null(last);
	memcpy(last, &f, len < sizeof(f) ? len : sizeof(f));
	return last;
}

static void
socket_numbers(void)
{
	static const int odd[] = { INT_MIN, -1, 255, INT_MAX };

	for (size_t i = 0; i < LEN(odd); i++) {
		const int n = odd[i];

		BAD_ALL(zsock_socket(n, NET_SOCK_STREAM, 0), EAFNOSUPPORT);
		BAD_HOST(zsock_socket(NET_AF_INET, n, 0), EPROTOTYPE, EINVAL);
	}
	BAD_ALL(zsock_socket(0, 0, 0), EAFNOSUPPORT);
	BAD_HOST(zsock_socket(NET_AF_INET, 0, 0), EPROTOTYPE, ESOCKTNOSUPPORT);
	for (int type = NET_SOCK_STREAM; type <= NET_SOCK_DGRAM; type++) {
		BAD_HOST(zsock_socket(NET_AF_INET6, type, INT_MIN),
		    EPROTONOSUPPORT, EINVAL);
		BAD_HOST(zsock_socket(NET_AF_INET6, type, -1), EPROTONOSUPPORT,
		    EINVAL);
		BAD_HOST(zsock_socket(NET_AF_INET6, type, INT_MAX),
		    EPROTONOSUPPORT, EINVAL);
		BAD_ALL(zsock_socket(NET_AF_INET6, type, 255), EPROTONOSUPPORT);
	}
}

static void
socketpair_arguments(void)
{
	int sv[2] = { 7, 7 };

	BAD_ALL(zsock_socketpair(NET_AF_UNIX, NET_SOCK_STREAM, 0, NULL),
	    EFAULT);
	BAD_ALL(zsock_socketpair(-1, NET_SOCK_STREAM, 0, sv), EAFNOSUPPORT);
	BAD_ALL(zsock_socketpair(INT_MAX, INT_MAX, INT_MAX, sv),
	    profile_get() == PROFILE_LINUX ? EINVAL : EAFNOSUPPORT);
	BAD_HOST(zsock_socketpair(NET_AF_UNIX, -1, 0, sv), EPROTOTYPE, EINVAL);
	BAD_HOST(zsock_socketpair(NET_AF_UNIX, INT_MAX, 0, sv), EPROTOTYPE,
	    EINVAL);
	BAD_ALL(zsock_socketpair(NET_AF_UNIX, NET_SOCK_STREAM, -1, sv),
	    EPROTONOSUPPORT);
	BAD_ALL(zsock_socketpair(NET_AF_UNIX, NET_SOCK_STREAM, INT_MAX, sv),
	    EPROTONOSUPPORT);
	assert_int_equal(sv[0], 7);
	assert_int_equal(sv[1], 7);
}

static void
addresses_of_bind(void)
{
	BAD_HOST(zsock_bind(bad.fresh, NULL, 0), EINVAL, EINVAL);
	BAD_NULL(zsock_bind(bad.fresh, NULL, sizeof(bad.in)));
	BAD_HOST(zsock_bind(bad.fresh, NULL, MAX), EINVAL, EINVAL);
	BAD_ALL(zsock_bind(bad.fresh, cut(NET_AF_INET, 0), 0), EINVAL);
	BAD_ALL(zsock_bind(bad.fresh, cut(NET_AF_INET, 1), 1), EINVAL);
	BAD_ALL(zsock_bind(bad.fresh, cut(NET_AF_INET, 7), 7), EINVAL);
	BAD_HOST(zsock_bind(bad.fresh, cut(NET_AF_INET6, 23), 23), EINVAL,
	    EAFNOSUPPORT);
	BAD_HOST(zsock_bind(bad.fresh, cut(999, 16), 16), EINVAL, EAFNOSUPPORT);
	BAD_HOST(zsock_bind(bad.fresh, cut(0xffff, 28), 28), EINVAL,
	    EAFNOSUPPORT);
	BAD_NULL(zsock_bind(bad.tls, NULL, 16));
	BAD_ALL(zsock_bind(bad.tls, cut(NET_AF_INET, 1), 1), EINVAL);
	BAD_HOST(zsock_bind(bad.event, in(), sizeof(bad.in)), EOPNOTSUPP,
	    ENOTSOCK);
	BAD_HOST(zsock_bind(bad.pair, in(), sizeof(bad.in)), EISCONN, EINVAL);
	/* The whole address is there, and more is not looked at. */
	BAD_HOST(zsock_bind(bad.fresh, cut(NET_AF_INET, 128), MAX), 0, EINVAL);
}

static void
addresses_of_connect(void)
{
	const int socks[] = { bad.fresh, bad.udp, bad.tls };

	for (size_t i = 0; i < LEN(socks); i++) {
		const int s = socks[i];

		BAD_NULL(zsock_connect(s, NULL, sizeof(bad.in)));
		BAD_ALL(zsock_connect(s, NULL, 0), EINVAL);
		BAD_ALL(zsock_connect(s, NULL, MAX), EINVAL);
		BAD_ALL(zsock_connect(s, cut(NET_AF_INET, 0), 0), EINVAL);
		BAD_ALL(zsock_connect(s, cut(NET_AF_INET, 1), 1), EINVAL);
		BAD_ALL(zsock_connect(s, cut(NET_AF_INET, 7), 7), EINVAL);
		BAD_HOST(zsock_connect(s, cut(999, 16), 16), EINVAL,
		    EAFNOSUPPORT);
		BAD_HOST(zsock_connect(s, in6(), sizeof(bad.in6)), EINVAL,
		    EAFNOSUPPORT);
		BAD_HOST(zsock_connect(s, cut(0xffff, 128), MAX), EINVAL,
		    EINVAL);
	}
	BAD_HOST(zsock_connect(bad.event, in(), sizeof(bad.in)), EOPNOTSUPP,
	    ENOTSOCK);
}

static void
numbers_of_listen_and_shutdown(void)
{
	static const int odd[] = { INT_MIN, -1, 3, INT_MAX };

	for (size_t i = 0; i < LEN(odd); i++) {
		const int n = odd[i];

		BAD_ALL(zsock_listen(bad.listener, n), 0);
		BAD_ALL(zsock_shutdown(bad.tcp, n), EINVAL);
		BAD_ALL(zsock_shutdown(bad.udp, n), EINVAL);
		BAD_ALL(zsock_shutdown(bad.fresh, n), EINVAL);
		BAD_ALL(zsock_shutdown(bad.tls, n), EINVAL);
		BAD_HOST(zsock_shutdown(bad.pair, n), ENOTSUP, EINVAL);
		BAD_HOST(zsock_shutdown(bad.event, n), ENOTSUP, ENOTSOCK);
	}
	BAD(zsock_listen(bad.udp, 0), EOPNOTSUPP, 0, EOPNOTSUPP);
	BAD_ALL(zsock_listen(bad.tcp, 0), EINVAL);
	BAD_ALL(zsock_listen(bad.pair, 0), EINVAL);
	BAD_HOST(zsock_listen(bad.event, 0), EOPNOTSUPP, ENOTSOCK);
}

/* Whoever stores an address: accept, recvfrom, getsockname, getpeername. */
static void
rooms_for_addresses(void)
{
	struct net_sockaddr_storage a;
	struct net_sockaddr *sa = (struct net_sockaddr *)&a;
	net_socklen_t len = sizeof(a), none = 0, one = 1, max = MAX;

	BAD_NULL(zsock_getsockname(bad.tcp, NULL, &len));
	BAD_NULL(zsock_getsockname(bad.tcp, sa, NULL));
	BAD_NULL(zsock_getsockname(bad.tcp, NULL, NULL));
	BAD_NULL(zsock_getpeername(bad.tcp, NULL, &len));
	BAD_NULL(zsock_getpeername(bad.tcp, sa, NULL));
	BAD_ALL(zsock_getsockname(bad.tcp, sa, &none), 0);
	BAD_ALL(zsock_getsockname(bad.tcp, sa, &one), 0);
	BAD_ALL(zsock_getsockname(bad.tcp, sa, &max), EINVAL);
	none = 0, one = 1;
	BAD_ALL(zsock_getpeername(bad.tcp, sa, &none), 0);
	BAD_ALL(zsock_getpeername(bad.tcp, sa, &one), 0);
	BAD_ALL(zsock_getpeername(bad.tcp, sa, &max), EINVAL);
	assert_int_equal(none, sizeof(struct net_sockaddr_in));
	assert_int_equal(one, sizeof(struct net_sockaddr_in));
	BAD(zsock_getsockname(bad.fresh, sa, &len), EINVAL, EINVAL, 0);
	len = sizeof(a);
	BAD_ALL(zsock_getpeername(bad.fresh, sa, &len), ENOTCONN);
	BAD_HOST(zsock_getsockname(bad.pair, sa, &len), EOPNOTSUPP, 0);
	BAD_HOST(zsock_getsockname(bad.event, sa, &len), EOPNOTSUPP, ENOTSOCK);
	BAD_HOST(zsock_getpeername(bad.event, sa, &len), EOPNOTSUPP, ENOTSOCK);
	BAD_ALL(zsock_accept(bad.listener, sa, &max), EINVAL);
	BAD_ALL(zsock_recvfrom(bad.udp, buf, 1, 0, sa, &max), EINVAL);
	/* The datagram is still there. */
	BAD_HOST(zsock_recvfrom(bad.udp, buf, 1, 0, sa, NULL), 0, EFAULT);
	BAD_HOST(zsock_recvfrom(bad.udp, buf, 1, ZSOCK_MSG_DONTWAIT, NULL,
	             &len),
	    EAGAIN, 0);
	BAD_HOST(zsock_fcntl(bad.listener, ZVFS_F_SETFL, ZVFS_O_NONBLOCK), 0,
	    0);
	BAD_HOST(zsock_accept(bad.listener, sa, NULL), EAGAIN, EFAULT);
	BAD_ALL(zsock_accept(bad.listener, NULL, &len), EAGAIN);
}

/* What has no addresses says so, whatever the address is. */
static void
addresses_without_use(void)
{
	const net_socklen_t len = sizeof(bad.in);
	struct net_iovec iov = { buf, 1 };
	struct net_msghdr m = { .msg_name = &bad.in,
		.msg_iov = &iov,
		.msg_iovlen = 1 };

	BAD_HOST(zsock_bind(bad.pair, NULL, len), EISCONN, EFAULT);
	BAD_HOST(zsock_connect(bad.pair, in(), 1), EISCONN, EINVAL);
	BAD_HOST(zsock_getsockname(bad.pair, NULL, NULL), EOPNOTSUPP, EFAULT);
	BAD_HOST(zsock_bind(bad.event, NULL, len), EOPNOTSUPP, ENOTSOCK);
	BAD_HOST(zsock_connect(bad.event, in(), 1), EOPNOTSUPP, ENOTSOCK);
	BAD_HOST(zsock_getpeername(bad.event, NULL, NULL), EOPNOTSUPP,
	    ENOTSOCK);
	for (m.msg_namelen = 0; m.msg_namelen < 2; m.msg_namelen++) {
		const net_socklen_t n = m.msg_namelen;

		BAD(zsock_sendto(bad.tcp, buf, 1, 0, in(), n), 0, EINVAL, 0);
		BAD(zsock_sendmsg(bad.tcp, &m, 0), 0, EINVAL, 0);
		BAD_ALL(zsock_sendto(bad.tls, buf, 1, 0, in(), n), ENOTCONN);
		BAD_ALL(zsock_sendmsg(bad.tls, &m, 0), ENOTCONN);
		BAD_ALL(zsock_sendto(bad.pair, buf, 1, 0, in(), n),
		    profile_get() == PROFILE_LINUX && n > 0 ? EISCONN : 0);
	}
	BAD_HOST(zsock_sendmsg(bad.pair, &m, 0), 0, EISCONN);
}

/* The number counts before all that is wrong besides. */
static void
numbers_come_first(void)
{
	net_socklen_t len = sizeof(bad.in), max = MAX;
	struct net_sockaddr_storage a;
	struct net_sockaddr *sa = (struct net_sockaddr *)&a;
	struct net_iovec nothing = { NULL, 1 };
	struct net_msghdr m = { .msg_iov = &nothing, .msg_iovlen = 1 };

	BAD_ALL(zsock_bind(4242, NULL, len), EBADF);
	BAD_ALL(zsock_bind(4242, in(), 1), EBADF);
	BAD_ALL(zsock_connect(4242, NULL, len), EBADF);
	BAD_ALL(zsock_connect(4242, in(), 1), EBADF);
	BAD_ALL(zsock_accept(4242, sa, &max), EBADF);
	BAD_ALL(zsock_accept(4242, sa, NULL), EBADF);
	BAD_ALL(zsock_send(4242, NULL, 1, 0), EBADF);
	BAD_ALL(zsock_sendto(4242, NULL, 1, 0, in(), len), EBADF);
	BAD_ALL(zsock_sendto(4242, buf, 1, 0, in(), 1), EBADF);
	BAD_ALL(zsock_sendmsg(4242, &m, 0), EBADF);
	BAD_ALL(zsock_recv(4242, NULL, 1, 0), EBADF);
	BAD_ALL(zsock_recvfrom(4242, NULL, 1, 0, sa, &len), EBADF);
	BAD_ALL(zsock_recvfrom(4242, buf, 1, 0, sa, &max), EBADF);
	BAD_ALL(zsock_recvmsg(4242, NULL, 0), EBADF);
	BAD_ALL(zsock_recvmsg(4242, &m, 0), EBADF);
	BAD_ALL(zsock_getsockname(4242, NULL, &len), EBADF);
	BAD_ALL(zsock_getsockname(4242, sa, &max), EBADF);
	BAD_ALL(zsock_getpeername(4242, sa, NULL), EBADF);
	BAD_ALL(zsock_send_all(4242, NULL, 1, 0, K_NO_WAIT, NULL), EBADF);
	BAD_ALL(zsock_sendmsg_all(4242, NULL, 0, K_NO_WAIT, NULL), EBADF);
	/* So does that the socket has no such call. */
	BAD_ALL(zsock_recvmsg(bad.tls, NULL, 0), EOPNOTSUPP);
	BAD_ALL(zsock_recvmsg(bad.tls, &m, 0), EOPNOTSUPP);
	BAD(zsock_recvmsg(bad.pair, &m, 0), EINVAL, EOPNOTSUPP, EFAULT);
}

static void
buffers_of_send(void)
{
	const net_socklen_t len = sizeof(bad.in);
	const int socks[] = { bad.tcp, bad.udp };
	static char byte;

	for (size_t i = 0; i < LEN(socks); i++) {
		const int s = socks[i];

		BAD_NULL(zsock_send(s, NULL, 1, 0));
		BAD_NULL(zsock_send(s, NULL, SIZE_MAX, 0));
		BAD_NULL(zsock_sendto(s, NULL, 1, 0, in(), len));
		BAD_NULL(zsock_sendto(s, NULL, SSIZE_MAX, 0, in(), len));
	}
	BAD_ALL(zsock_send(bad.tcp, NULL, 0, 0), 0);
	BAD_ALL(zsock_send(bad.tcp, &byte, 0, 0), 0);
	BAD_ALL(zsock_sendto(bad.tcp, &byte, 1, 0, NULL, MAX), 0);
	BAD_ALL(zsock_sendto(bad.udp, NULL, 0, 0, in(), len), 0);
	BAD_HOST(zsock_sendto(bad.udp, &byte, SIZE_MAX, 0, in(), len), ENOMEM,
	    EMSGSIZE);
	BAD_ALL(zsock_sendto(bad.udp, &byte, 1, 0, in(), 0), EINVAL);
	BAD_ALL(zsock_sendto(bad.udp, &byte, 1, 0, in(), 1), EINVAL);
	BAD_ALL(zsock_sendto(bad.udp, &byte, 1, 0, cut(NET_AF_INET, 7), 7),
	    EINVAL);
	BAD(zsock_sendto(bad.udp, &byte, 1, 0, cut(999, 16), 16), EINVAL,
	    EDESTADDRREQ, EAFNOSUPPORT);
	BAD_ALL(zsock_sendto(bad.udp, &byte, 1, 0, NULL, MAX), EDESTADDRREQ);
	BAD_NULL(zsock_send(bad.tls, NULL, 1, 0));
	BAD_ALL(zsock_send(bad.tls, &byte, 1, 0), ENOTCONN);
	BAD_ALL(zsock_send(bad.tls, NULL, 0, 0), ENOTCONN);
	BAD_NULL(zsock_send(bad.pair, NULL, 1, 0));
	BAD_HOST(zsock_send(bad.pair, &byte, 0, 0), EINVAL, 0);
	BAD_HOST(zsock_send(bad.pair, NULL, 0, 0), EINVAL, 0);
	BAD_ALL(zsock_send(bad.event, &byte, 0, 0), EINVAL);
	BAD_ALL(zsock_send(bad.event, &byte, 1, 0), EINVAL);
	BAD_NULL(zsock_send(bad.event, NULL, 8, 0));
}

static void
buffers_of_recv(void)
{
	const int dontwait = ZSOCK_MSG_DONTWAIT;
	const int socks[] = { bad.tcp, bad.udp, bad.tls, bad.pair, bad.event };
	struct net_sockaddr_storage a;
	struct net_sockaddr *sa = (struct net_sockaddr *)&a;
	net_socklen_t len = sizeof(a);

	for (size_t i = 0; i < LEN(socks); i++) {
		BAD_NULL(zsock_recv(socks[i], NULL, 1, 0));
		BAD_NULL(zsock_recv(socks[i], NULL, SIZE_MAX, 0));
		BAD_NULL(zsock_recvfrom(socks[i], NULL, 1, 0, sa, &len));
	}
	BAD_HOST(zsock_recv(bad.fresh, NULL, 0, 0), 0, ENOTCONN);
	BAD_HOST(zsock_recv(bad.pair, NULL, 0, dontwait), EINVAL, 0);
	BAD_ALL(zsock_recv(bad.event, buf, 0, 0), EINVAL);
	BAD_ALL(zsock_recv(bad.event, buf, 7, 0), EINVAL);
	BAD(zsock_recv(bad.tls, buf, 0, dontwait), ENOTCONN, EIO, ENOTCONN);
	/* More room than there is memory takes what is there. */
	BAD_ALL(zsock_recv(bad.tcp, buf, SIZE_MAX, 0), 0);
	BAD_ALL(zsock_recv(bad.peer, buf, SSIZE_MAX, 0), 0);
	BAD_ALL(zsock_recv(bad.pair, buf, SSIZE_MAX, 0), 0);
	BAD_ALL(zsock_recvfrom(bad.udp, buf, SIZE_MAX, 0, NULL, NULL), 0);
	BAD_ALL(zsock_recv(bad.tcp, buf, 1, dontwait), EAGAIN);
	BAD_HOST(zsock_recv(bad.udp, buf, 1, INT_MIN | dontwait), EAGAIN,
	    EAGAIN);
	BAD_ALL(zsock_recv(bad.event, buf, SSIZE_MAX, 0), 0);
}

static void
messages_to_send(void)
{
	struct net_iovec iov = { buf, 1 }, nothing = { NULL, 1 };
	struct net_msghdr m = { .msg_iov = NULL, .msg_iovlen = 0 };
	struct net_sockaddr_storage longest;
	const int socks[] = { bad.tcp, bad.udp, bad.pair };

	BAD(zsock_sendmsg(bad.udp, NULL, 0), EINVAL, EDESTADDRREQ, EFAULT);
	BAD(zsock_sendmsg(bad.tls, NULL, 0), EINVAL, 0, EFAULT);
	for (size_t i = 0; i < LEN(socks); i++) {
		m = (struct net_msghdr){ .msg_iovlen = 1 };
		BAD_NULL(zsock_sendmsg(socks[i], &m, 0));
		m.msg_iovlen = SIZE_MAX;
		BAD_NULL(zsock_sendmsg(socks[i], &m, 0));
		m.msg_iov = &iov;
		BAD_ALL(zsock_sendmsg(socks[i], &m, 0), EMSGSIZE);
		m.msg_iovlen = IOV_MAX + 1;
		BAD_ALL(zsock_sendmsg(socks[i], &m, 0), EMSGSIZE);
		m.msg_iovlen = 0;
		m.msg_control = NULL;
		m.msg_controllen = SIZE_MAX;
		BAD_ALL(zsock_sendmsg(socks[i], &m, 0),
		    profile_get() == PROFILE_LINUX ? ENOBUFS
		        : socks[i] == bad.udp      ? EDESTADDRREQ
		                                   : 0);
	}
	m = (struct net_msghdr){ .msg_name = &bad.in,
		.msg_namelen = 1,
		.msg_iov = &iov,
		.msg_iovlen = 1 };
	BAD_ALL(zsock_sendmsg(bad.udp, &m, 0), EINVAL);
	m.msg_namelen = 0;
	BAD_HOST(zsock_sendmsg(bad.udp, &m, 0), EINVAL, EDESTADDRREQ);
	m.msg_name = NULL;
	m.msg_namelen = MAX;
	BAD_ALL(zsock_sendmsg(bad.udp, &m, 0), EDESTADDRREQ);
	m.msg_name = &bad.in;
	m.msg_namelen = sizeof(bad.in);
	m.msg_iov = &nothing;
	BAD_NULL(zsock_sendmsg(bad.udp, &m, 0));
	m.msg_iov = &iov;
	memset(&longest, 0, sizeof(longest));
	memcpy(&longest, &bad.in, sizeof(bad.in));
	m.msg_name = &longest;
	m.msg_namelen = MAX / 2;
	BAD_ALL(zsock_sendmsg(bad.udp, &m, 0), 0);
	m.msg_namelen = MAX;
	BAD_HOST(zsock_sendmsg(bad.udp, &m, 0), 0, EINVAL);
	m.msg_iov = &nothing;
	m.msg_name = NULL;
	BAD_HOST(zsock_sendmsg(bad.pair, &m, 0), EINVAL, EFAULT);
}

/* Control messages whose headers say what is not so. */
static void
control_to_send(void)
{
	static const size_t lens[] = { 0, 1, 15, 16, 17, 200, 1000, SIZE_MAX };
	const size_t size = NET_CMSG_SPACE(4);
	struct net_iovec iov = { buf, 1 };
	struct net_msghdr m = { .msg_name = &bad.in,
		.msg_namelen = sizeof(bad.in),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = calloc(1, size),
		.msg_controllen = size };
	struct net_cmsghdr *c = m.msg_control;

	assert_non_null(c);
	c->cmsg_level = NET_IPPROTO_IP;
	c->cmsg_type = ZSOCK_IP_TTL;
	for (size_t i = 0; i < LEN(lens); i++) {
		c->cmsg_len = lens[i];
		BAD_ALL(zsock_sendmsg(bad.udp, &m, 0), EINVAL);
	}
	c->cmsg_len = NET_CMSG_LEN(4);
	m.msg_controllen = 1;
	BAD_ALL(zsock_sendmsg(bad.udp, &m, 0), 0);
	free(c);
}

/* One too many of those that count; of the others there may be any number. */
static void
much_control_to_send(void)
{
	unsigned char room[11 * NET_CMSG_SPACE(4)]
	    __attribute__((aligned(sizeof(struct net_cmsghdr))));
	struct net_iovec iov = { buf, 1 };
	struct net_msghdr m = { .msg_name = &bad.in,
		.msg_namelen = sizeof(bad.in),
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = room };
	const int ttl = 1, types[] = { ZSOCK_IP_TTL, 4242 };

	memset(room, 0, sizeof(room));
	for (size_t i = 0; i < LEN(types); i++) {
		const int known = types[i] == ZSOCK_IP_TTL;

		for (size_t at = 0; at < sizeof(room);
		     at += NET_CMSG_SPACE(4)) {
			struct net_cmsghdr c = { .cmsg_level = NET_IPPROTO_IP,
				.cmsg_type = types[i],
				.cmsg_len = NET_CMSG_LEN(4) };

			memcpy(room + at, &c, sizeof(c));
			memcpy(room + at + NET_CMSG_LEN(0), &ttl, sizeof(ttl));
		}
		m.msg_controllen = sizeof(room) - NET_CMSG_SPACE(4);
		BAD_HOST(zsock_sendmsg(bad.udp, &m, 0), 0, known ? 0 : EINVAL);
		m.msg_controllen = sizeof(room);
		BAD_HOST(zsock_sendmsg(bad.udp, &m, 0), known ? EINVAL : 0,
		    known ? 0 : EINVAL);
	}
}

static void
messages_to_receive(void)
{
	struct net_iovec iov = { buf, 1 };
	struct net_msghdr m = { .msg_iovlen = 1 };
	const int socks[] = { bad.tcp, bad.udp };

	BAD_NULL(zsock_recvmsg(bad.udp, NULL, 0));
	BAD(zsock_recvmsg(bad.pair, NULL, 0), EINVAL, EOPNOTSUPP, EFAULT);
	for (size_t i = 0; i < LEN(socks); i++) {
		m = (struct net_msghdr){ .msg_iovlen = 1 };
		BAD_HOST(zsock_recvmsg(socks[i], &m, 0), ENOMEM, EFAULT);
		m.msg_iovlen = SIZE_MAX;
		BAD_HOST(zsock_recvmsg(socks[i], &m, 0), ENOMEM, EFAULT);
		m.msg_iov = &iov;
		BAD_ALL(zsock_recvmsg(socks[i], &m, 0), EMSGSIZE);
		m.msg_iovlen = 1;
		m.msg_name = &bad.in;
		m.msg_namelen = MAX;
		BAD_ALL(zsock_recvmsg(socks[i], &m, 0), EINVAL);
		m.msg_name = NULL;
		m.msg_control = NULL;
		m.msg_controllen = SIZE_MAX;
		BAD_ALL(zsock_recvmsg(socks[i], &m, 0), 0);
	}
	m = (struct net_msghdr){ .msg_iov = &iov, .msg_iovlen = 1 };
	BAD_ALL(zsock_recvmsg(bad.tls, &m, 0), EOPNOTSUPP);
	m.msg_iov = NULL;
	BAD_HOST(zsock_recvmsg(bad.event, &m, 0), ENOMEM, EFAULT);
}

static void
commands_of_fcntl_and_ioctl(void)
{
	static const int odd[] = { INT_MIN, -1, 4242, INT_MAX };

	for (size_t i = 0; i < LEN(odd); i++) {
		BAD_HOST(zsock_fcntl(bad.tcp, odd[i], 0), EOPNOTSUPP, EINVAL);
		BAD_HOST(zsock_fcntl(bad.event, odd[i], 0), EOPNOTSUPP, EINVAL);
		BAD_HOST(zsock_ioctl(bad.tcp, (unsigned long)odd[i], buf),
		    EOPNOTSUPP, ENOTTY);
		BAD_ALL(zsock_ioctl(bad.tls, (unsigned long)odd[i], buf),
		    EOPNOTSUPP);
	}
	BAD_HOST(zsock_fcntl(bad.tcp, ZVFS_F_SETFL, INT_MIN), 0, 0);
	BAD_ALL(zsock_fcntl(bad.tcp, ZVFS_F_DUPFD, 0), EOPNOTSUPP);
	BAD_NULL(zsock_ioctl(bad.tcp, ZFD_IOCTL_FIONREAD, NULL));
	BAD_NULL(zsock_ioctl(bad.udp, ZFD_IOCTL_FIONREAD, NULL));
	BAD_NULL(zsock_ioctl(bad.tcp, ZFD_IOCTL_FIONWRITE, NULL));
	BAD_HOST(zsock_ioctl(bad.tcp, ZFD_IOCTL_FIONBIO, NULL), 0, EFAULT);
	BAD_NULL(zsock_ioctl(bad.pair, ZFD_IOCTL_FIONREAD, NULL));
	BAD_HOST(zsock_ioctl(bad.event, ZFD_IOCTL_FIONREAD, buf), EOPNOTSUPP,
	    ENOTTY);
}

static void
arrays_of_poll(void)
{
	struct zsock_pollfd fd = { .fd = bad.tcp, .events = -1 };
	struct zsock_pollfd odd[] = { { .fd = INT_MIN }, { .fd = INT_MAX },
		{ .fd = bad.tcp, .events = SHRT_MIN }, { .fd = 4242 } };

	BAD_ALL(zsock_poll(NULL, 0, 0), 0);
	BAD_NULL(zsock_poll(NULL, 1, 0));
	BAD_NULL(zsock_poll(NULL, INT_MAX, 0));
	BAD_ALL(zsock_poll(NULL, -1, 0), EINVAL);
	BAD_ALL(zsock_poll(&fd, -1, 0), EINVAL);
	BAD_ALL(zsock_poll(&fd, INT_MIN, 0), EINVAL);
	BAD_HOST(zsock_poll(&fd, INT_MAX, 0), ENOMEM, EINVAL);
	BAD_ALL(zsock_poll(&fd, 1, INT_MIN), 0);
	BAD_ALL(zsock_poll(&fd, 1, INT_MAX), 0);
	BAD_ALL(zsock_poll(odd, LEN(odd), 0), 0);
	assert_int_equal(odd[0].revents, 0);
	assert_int_equal(odd[1].revents, ZSOCK_POLLNVAL);
	assert_int_equal(odd[3].revents, ZSOCK_POLLNVAL);
}

static void
sets_of_select(void)
{
	struct zsock_timeval none = { 0, 0 }, long_ = { LONG_MAX, LONG_MAX };
	struct zsock_timeval below[] = { { -1, 0 }, { 0, -1 },
		{ LONG_MIN, LONG_MIN } };
	const int size = ZSOCK_FD_SETSIZE;
	zsock_fd_set set;

	ZSOCK_FD_ZERO(NULL);
	ZSOCK_FD_SET(0, NULL);
	ZSOCK_FD_CLR(0, NULL);
	assert_int_equal(ZSOCK_FD_ISSET(0, NULL), 0);
	ZSOCK_FD_ZERO(&set);
	ZSOCK_FD_SET(INT_MIN, &set);
	ZSOCK_FD_SET(-1, &set);
	ZSOCK_FD_SET(size, &set);
	ZSOCK_FD_SET(INT_MAX, &set);
	assert_int_equal(ZSOCK_FD_ISSET(INT_MIN, &set), 0);
	assert_int_equal(ZSOCK_FD_ISSET(INT_MAX, &set), 0);
	BAD_ALL(zsock_select(size, NULL, NULL, NULL, &none), 0);
	BAD_ALL(zsock_select(size, &set, &set, &set, &none), 0);
	for (size_t i = 0; i < LEN(below); i++)
		BAD_ALL(zsock_select(0, NULL, NULL, NULL, &below[i]), EINVAL);
	BAD_HOST(zsock_select(-1, NULL, NULL, NULL, &none), 0, EINVAL);
	BAD_HOST(zsock_select(INT_MIN, NULL, NULL, NULL, &none), 0, EINVAL);
	ZSOCK_FD_SET(bad.tcp, &set);
	BAD_ALL(zsock_select(INT_MAX, NULL, &set, NULL, &long_), 0);
	ZSOCK_FD_SET(size - 1, &set);
	BAD_ALL(zsock_select(size, &set, NULL, NULL, &none), EBADF);
}

/* Every call on a number that is no socket: test_arguments.c has them all. */
static void
numbers_of_objects(void)
{
	static const int odd[] = { INT_MIN, -1, 4242, INT_MAX };
	zvfs_eventfd_t value = 1;

	for (size_t i = 0; i < LEN(odd); i++) {
		assert_null(zsock_get_context_object(odd[i]));
		BAD_ALL(zvfs_eventfd_read(odd[i], &value), EBADF);
		BAD_ALL(zvfs_eventfd_write(odd[i], 1), EBADF);
		BAD_ALL(zvfs_eventfd(0, odd[i] | 0x100), EINVAL);
	}
	BAD_ALL(zvfs_eventfd_read(bad.event, NULL), EFAULT);
	BAD_ALL(zvfs_eventfd_read(bad.tcp, &value), EBADF);
	BAD_ALL(zvfs_eventfd_read(bad.tcp, NULL), EBADF);
	BAD_ALL(zvfs_eventfd_write(bad.tcp, 1), EBADF);
	BAD_ALL(zvfs_eventfd_write(bad.event, UINT64_MAX), EINVAL);
	BAD_ALL(zvfs_eventfd_write(bad.event, UINT64_MAX - 1), EAGAIN);
	BAD_ALL(zvfs_eventfd_write(bad.event, 0), 0);
}

int
main(void)
{
	static const struct bad_test tests[] = {
		{ "socket_numbers", socket_numbers },
		{ "socketpair_arguments", socketpair_arguments },
		{ "addresses_of_bind", addresses_of_bind },
		{ "addresses_of_connect", addresses_of_connect },
		{ "numbers_of_listen_and_shutdown",
		    numbers_of_listen_and_shutdown },
		{ "rooms_for_addresses", rooms_for_addresses },
		{ "addresses_without_use", addresses_without_use },
		{ "numbers_come_first", numbers_come_first },
		{ "buffers_of_send", buffers_of_send },
		{ "buffers_of_recv", buffers_of_recv },
		{ "messages_to_send", messages_to_send },
		{ "control_to_send", control_to_send },
		{ "much_control_to_send", much_control_to_send },
		{ "messages_to_receive", messages_to_receive },
		{ "commands_of_fcntl_and_ioctl", commands_of_fcntl_and_ioctl },
		{ "arrays_of_poll", arrays_of_poll },
		{ "sets_of_select", sets_of_select },
		{ "numbers_of_objects", numbers_of_objects },
	};

	return bad_run("api/bad_input", tests, LEN(tests));
}
