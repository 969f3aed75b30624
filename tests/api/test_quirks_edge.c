/* The quirks of arguments, and of calls that the kernel takes as they are. */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/loop.h"
#include "support/quirks.h"

static int
argument_null(void)
{
	const int sock = quirks_open(NET_AF_INET, NET_SOCK_DGRAM);
	const int want = profile_get() == PROFILE_LINUX ? EFAULT : EINVAL;
	const socklen_t len = sizeof(struct net_sockaddr_in);
	socklen_t room = len;
	struct net_sockaddr_in a = { .sin_family = NET_AF_INET };
	struct net_sockaddr *sa = (struct net_sockaddr *)&a;
	const long results[] = {
		quirks_errno(zsock_bind(sock, NULL, len)),
		quirks_errno(zsock_connect(sock, NULL, len)),
		quirks_errno(zsock_send(sock, NULL, 1, 0)),
		quirks_errno(zsock_sendto(sock, NULL, 1, 0, sa, len)),
		quirks_errno(zsock_recv(sock, NULL, 1, 0)),
		quirks_errno(zsock_recvfrom(sock, NULL, 1, 0, sa, &room)),
		quirks_errno(zsock_recvmsg(sock, NULL, 0)),
		quirks_errno(zsock_getsockname(sock, NULL, &room)),
		quirks_errno(zsock_getsockname(sock, sa, NULL)),
		quirks_errno(zsock_getpeername(sock, NULL, &room)),
		quirks_errno(zsock_ioctl(sock, ZFD_IOCTL_FIONREAD, NULL)),
		quirks_errno(zsock_poll(NULL, 1, 0)),
		quirks_errno(zsock_sendmsg(sock,
		    &(struct net_msghdr){ .msg_iovlen = 1 }, 0)),
	};

	for (size_t i = 0; i < LEN(results); i++)
		assert_int_equal(results[i], want);
	return want;
}

static int
address_alone(void)
{
	union quirks_addr a;
	const int sock = quirks_bound(NET_SOCK_DGRAM, &a);
	int error;
	char byte;

	assert_int_equal(zsock_sendto(sock, "x", 1, 0, &a.any, sizeof(a.in)),
	    1);
	quirks_await(sock);
	error = quirks_errno(zsock_recvfrom(sock, &byte, 1, 0, &a.any, NULL));
	if (error != 0)
		assert_int_equal(zsock_recv(sock, &byte, 1, 0), 1);
	return error;
}

static int
address_short(void)
{
	union quirks_addr a = quirks_loopback(NET_AF_INET, 0);
	const int sock = quirks_open(NET_AF_INET, NET_SOCK_DGRAM);

	if (zsock_bind(sock, &a.any, 8) == 0)
		return 1;
	assert_int_equal(errno, EINVAL);
	return 0;
}

/* What it makes in the linux profile is the kernel's, flags and all. */
static void
assert_kernels(void)
{
	const struct sockaddr_un a = { .sun_family = AF_UNIX };
	const int stream = zsock_socket(AF_UNIX, SOCK_SEQPACKET, 0);
	const int flags = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
	const int dgram = zsock_socket(AF_INET6, flags, 0);
	char byte;

	assert_true(stream >= 0 && dgram >= 0);
	assert_int_equal(zsock_bind(stream, (const struct sockaddr *)&a,
	                     sizeof(a.sun_family)),
	    0);
	assert_int_equal(zsock_listen(stream, 1), 0);
	assert_int_equal(zsock_fcntl(stream, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(quirks_errno(zsock_accept(stream, NULL, NULL)),
	    EAGAIN);
	assert_int_equal(quirks_errno(zsock_recv(dgram, &byte, 1, 0)), EAGAIN);
	assert_int_equal(zsock_close(stream), 0);
	assert_int_equal(zsock_close(dgram), 0);
	assert_int_equal(quirks_errno(zsock_socket(AF_UNIX, SOCK_STREAM,
	                     NET_IPPROTO_TLS_1_2)),
	    EAFNOSUPPORT);
}

static int
socket_arguments(void)
{
	static const struct {
		int family, type, proto, device, host;
	} rows[] = {
		{ AF_INET, SOCK_STREAM, 4242, EPROTONOSUPPORT, EINVAL },
		{ AF_INET, SOCK_SEQPACKET, 0, EPROTOTYPE, ESOCKTNOSUPPORT },
		{ AF_INET, 15, 0, EPROTOTYPE, EINVAL },
		{ 999, SOCK_STREAM, 0, EAFNOSUPPORT, EAFNOSUPPORT },
		{ AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0, EPROTOTYPE, 0 },
		{ AF_UNIX, SOCK_STREAM, 0, EAFNOSUPPORT, 0 },
		{ AF_INET, SOCK_STREAM, NET_IPPROTO_TLS_1_2, 0, 0 },
	};
	const bool host = profile_get() == PROFILE_LINUX;

	for (size_t i = 0; i < LEN(rows); i++) {
		const int sock =
		    zsock_socket(rows[i].family, rows[i].type, rows[i].proto);

		assert_int_equal(quirks_errno(sock),
		    host ? rows[i].host : rows[i].device);
		if (sock >= 0)
			assert_int_equal(zsock_close(sock), 0);
	}
	if (host)
		assert_kernels();
	return !host;
}

static int
bind_v6_on_v4(void)
{
	union quirks_addr a = quirks_loopback(NET_AF_INET6, 0);

	return quirks_errno(zsock_bind(quirks_open(NET_AF_INET, NET_SOCK_DGRAM),
	    &a.any, sizeof(a.in6)));
}

static int
connect_listener(void)
{
	union quirks_addr a;
	const int sock = quirks_listener(&a);

	return quirks_errno(zsock_connect(sock, &a.any, sizeof(a.in)));
}

static int
connect_family(void)
{
	union quirks_addr a = quirks_loopback(NET_AF_INET6, 9);
	const int stream = quirks_open(NET_AF_INET, NET_SOCK_STREAM);
	const int dgram = quirks_open(NET_AF_INET, NET_SOCK_DGRAM);
	const int error =
	    quirks_errno(zsock_connect(stream, &a.any, sizeof(a.in6)));

	assert_int_equal(quirks_errno(
	                     zsock_connect(dgram, &a.any, sizeof(a.in6))),
	    error);
	return error;
}

static int
send_dest_v4(void)
{
	union quirks_addr a;
	const int to = quirks_bound(NET_SOCK_DGRAM, &a);
	const int sock = quirks_open(NET_AF_INET6, NET_SOCK_DGRAM);
	const int error =
	    quirks_errno(zsock_sendto(sock, "x", 1, 0, &a.any, sizeof(a.in)));

	if (error == 0)
		quirks_await(to);
	return error;
}

/* A stream whose peer has reset it; the error was told once. */
static int
reset_link(void)
{
	const int listener = loop_listen_raw(AF_INET, &(uint16_t){ 0 });
	const struct linger now = { .l_onoff = 1 };
	const int sock = quirks_open(NET_AF_INET, NET_SOCK_STREAM);
	struct sockaddr_in a;
	socklen_t len = sizeof(a);
	char byte;
	int kfd;

	assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &len), 0);
	assert_int_equal(zsock_connect(sock, (struct sockaddr *)&a, len), 0);
	kfd = accept(listener, NULL, NULL);
	assert_int_equal(setsockopt(kfd, SOL_SOCKET, SO_LINGER, &now,
	                     sizeof(now)),
	    0);
	close(kfd);
	close(listener);
	quirks_await(sock);
	assert_int_equal(quirks_errno(zsock_recv(sock, &byte, 1, 0)),
	    ECONNRESET);
	return sock;
}

static int
recv_error_stays(void)
{
	const int sock = reset_link();
	char byte;
	const ssize_t n = zsock_recv(sock, &byte, 1, 0);

	assert_true(n == 0 || errno == ECONNRESET);
	return n == -1;
}

static int
recvmsg_no_buffers(void)
{
	union quirks_addr a;
	const int sock = quirks_bound(NET_SOCK_DGRAM, &a);
	struct net_iovec iov = { NULL, 0 };
	struct net_msghdr m = { .msg_iov = &iov };

	assert_int_equal(zsock_sendto(sock, "x", 1, 0, &a.any, sizeof(a.in)),
	    1);
	quirks_await(sock);
	return quirks_errno(zsock_recvmsg(sock, &m, 0));
}

static int
fcntl_getfl(void)
{
	const int sock = quirks_open(NET_AF_INET, NET_SOCK_STREAM);
	const int flags = zsock_fcntl(sock, F_GETFL, 0);

	assert_int_equal(zsock_fcntl(sock, F_SETFL, 0x4000), 0);
	assert_int_equal(zsock_fcntl(sock, F_GETFL, 0), flags | O_NONBLOCK);
	return flags == 0;
}

static int
fcntl_setfl(void)
{
	const int sock = quirks_open(NET_AF_INET, NET_SOCK_STREAM);

	assert_int_equal(zsock_fcntl(sock, F_SETFL, O_APPEND), 0);
	return (fcntl(loop_kfd(sock), F_GETFL) & O_APPEND) == 0;
}

/* A protocol that the type does not go with, and flags that want no entry. */
static int
gai_flags(void)
{
	const struct zsock_addrinfo hints = { .ai_family = NET_AF_INET,
		.ai_socktype = NET_SOCK_STREAM,
		.ai_protocol = NET_IPPROTO_UDP,
		.ai_flags = AI_CANONNAME | AI_V4MAPPED | AI_ALL |
		    AI_ADDRCONFIG | AI_NUMERICSERV };
	struct zsock_addrinfo *found;

	if (zsock_getaddrinfo("127.0.0.1", "80", &hints, &found) != 0)
		return 0;
	assert_int_equal(found->ai_protocol, NET_IPPROTO_TCP);
	zsock_freeaddrinfo(found);
	return 1;
}

static int
ioctl_other(void)
{
	const int stream = quirks_open(NET_AF_INET, NET_SOCK_STREAM);
	const int dgram = quirks_open(NET_AF_INET, NET_SOCK_DGRAM);
	const int error = profile_get() == PROFILE_LINUX ? ENOTTY : EOPNOTSUPP;
	int n = -1;

	assert_int_equal(quirks_errno(zsock_ioctl(stream, 4242, &n)), error);
	return quirks_errno(zsock_ioctl(dgram, ZFD_IOCTL_FIONWRITE, &n));
}

static int
option_absent(void)
{
	const int sock = quirks_open(NET_AF_INET, NET_SOCK_STREAM);
	net_socklen_t len = sizeof(int);
	const int error = quirks_errno(zsock_getsockopt(sock, SOL_SOCKET,
	    SO_ACCEPTCONN, &(int){ 0 }, &len));

	assert_int_equal(quirks_errno(zsock_setsockopt(sock, SOL_SOCKET,
	                     SO_OOBINLINE, &(int){ 1 }, sizeof(int))),
	    error);
	return error;
}

static int
gai_tokens(void)
{
	return strcmp(zsock_gai_strerror(DNS_EAI_NONAME), "EAI_NONAME") == 0;
}

static const struct quirk_case cases[] = {
	{ "argument_null", QUIRK_ARGUMENT_NULL, argument_null,
	    { EINVAL, EINVAL, EFAULT } },
	{ "address_alone", QUIRK_ADDRESS_ALONE, address_alone,
	    { 0, 0, EFAULT } },
	{ "address_short", QUIRK_ADDRESS_SHORT, address_short, { 1, 1, 0 } },
	{ "socket_arguments", QUIRK_SOCKET_ARGUMENTS, socket_arguments,
	    { 1, 1, 0 } },
	{ "bind_v6_on_v4", QUIRK_BIND_V6_ON_V4, bind_v6_on_v4,
	    { EINVAL, 0, EAFNOSUPPORT } },
	{ "connect_listener", QUIRK_CONNECT_LISTENER, connect_listener,
	    { EOPNOTSUPP, EOPNOTSUPP, EISCONN } },
	{ "connect_family", QUIRK_CONNECT_FAMILY, connect_family,
	    { EINVAL, EINVAL, EAFNOSUPPORT } },
	{ "send_dest_v4", QUIRK_SEND_DEST_V4, send_dest_v4,
	    { EINVAL, EINVAL, 0 } },
	{ "recv_error_stays", QUIRK_RECV_ERROR_STAYS, recv_error_stays,
	    { 1, 1, 0 } },
	{ "recvmsg_no_buffers", QUIRK_RECVMSG_NO_BUFFERS, recvmsg_no_buffers,
	    { ENOMEM, ENOMEM, 0 } },
	{ "fcntl_getfl", QUIRK_FCNTL_GETFL, fcntl_getfl, { 1, 1, 0 } },
	{ "fcntl_setfl", QUIRK_FCNTL_SETFL, fcntl_setfl, { 1, 1, 0 } },
	{ "gai_flags", QUIRK_GAI_FLAGS, gai_flags, { 1, 1, 0 } },
	{ "ioctl_other", QUIRK_IOCTL_OTHER, ioctl_other,
	    { EOPNOTSUPP, EOPNOTSUPP, 0 } },
	{ "option_absent", QUIRK_OPTION_ABSENT, option_absent,
	    { ENOPROTOOPT, ENOPROTOOPT, 0 } },
	{ "gai_tokens", QUIRK_GAI_TOKENS, gai_tokens, { 1, 1, 0 } },
};

int
main(void)
{
	return quirks_run("api/quirks_edge", cases, LEN(cases));
}
