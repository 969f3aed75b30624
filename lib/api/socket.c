#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>

#include <zephyr/net/socket.h>

#include "api/edge.h"
#include "base/err.h"
#include "base/log.h"
#include "base/profile.h"
#include "sock/call_io.h"
#include "sock/fdtable.h"
#include "sock/kinds.h"
#include "sock/option_numbers.h"
#include "sock/tls_names.h"

/* The layers below have Zephyr's own numbers without its headers. */
_Static_assert((int)KINDS_TLS_1_0 == NET_IPPROTO_TLS_1_0 &&
        (int)KINDS_TLS_1_1 == NET_IPPROTO_TLS_1_1 &&
        (int)KINDS_TLS_1_2 == NET_IPPROTO_TLS_1_2 &&
        (int)KINDS_TLS_1_3 == NET_IPPROTO_TLS_1_3,
    "protocol numbers");
#define SAME_OPTION(name) \
	_Static_assert((int)TLS_NAME_##name == ZSOCK_TLS_##name, #name)
_Static_assert((int)TLS_LEVEL == ZSOCK_SOL_TLS, "SOL_TLS");
SAME_OPTION(SEC_TAG_LIST);
SAME_OPTION(HOSTNAME);
SAME_OPTION(CIPHERSUITE_LIST);
SAME_OPTION(CIPHERSUITE_USED);
SAME_OPTION(PEER_VERIFY);
SAME_OPTION(DTLS_ROLE);
SAME_OPTION(ALPN_LIST);
SAME_OPTION(DTLS_HANDSHAKE_TIMEOUT_MIN);
SAME_OPTION(DTLS_HANDSHAKE_TIMEOUT_MAX);
SAME_OPTION(CERT_NOCOPY);
SAME_OPTION(NATIVE);
SAME_OPTION(SESSION_CACHE);
SAME_OPTION(SESSION_CACHE_PURGE);
SAME_OPTION(DTLS_CID);
SAME_OPTION(DTLS_CID_STATUS);
SAME_OPTION(DTLS_CID_VALUE);
SAME_OPTION(DTLS_PEER_CID_VALUE);
SAME_OPTION(DTLS_HANDSHAKE_ON_CONNECT);
SAME_OPTION(CERT_VERIFY_RESULT);
SAME_OPTION(CERT_VERIFY_CALLBACK);
SAME_OPTION(MAX_FRAGMENT_LENGTH);
_Static_assert((int)OPTION_SO_SOCKS5 == ZSOCK_SO_SOCKS5 &&
        (int)OPTION_IP_DONTFRAG == ZSOCK_IP_DONTFRAG,
    "numbers of options that Linux has not");

int
zsock_socket(int family, int type, int proto)
{
	const int rc = call_socket(family, type, proto);

	if (rc >= 0 && quirk(QUIRK_ERRNO_AFTER_SOCKET) != 0 &&
	    proto >= NET_IPPROTO_TLS_1_0)
		errno = quirk(QUIRK_ERRNO_AFTER_SOCKET);
	return (int)err_edge(rc);
}

int
zsock_close(int sock)
{
	return (int)err_edge(call_close(sock));
}

int
zsock_shutdown(int sock, int how)
{
	return (int)err_edge(call_shutdown(sock, how));
}

int
zsock_bind(int sock, const struct net_sockaddr *addr, net_socklen_t addrlen)
{
	struct edge_addr a;
	int rc;

	rc = edge_addr(&a, sock, addr, addrlen, "zsock_bind");
	if (rc == 0)
		rc = call_bind(sock, (struct sockaddr *)&a.any, a.len);
	if (rc == 0 && quirk(QUIRK_BIND_PORT_BACK) != 0 &&
	    ((const struct net_sockaddr_in *)addr)->sin_port == 0)
		call_port_back(sock, (struct net_sockaddr *)addr);
	return (int)err_edge(rc);
}

int
zsock_connect(int sock, const struct net_sockaddr *addr, net_socklen_t addrlen)
{
	struct edge_addr a;
	int rc;

	rc = edge_peer(&a, sock, addr, addrlen, "zsock_connect");
	if (rc == 0)
		rc = call_connect(sock, (struct sockaddr *)&a.any, a.len);
	return (int)err_edge(rc);
}

int
zsock_listen(int sock, int backlog)
{
	return (int)err_edge(call_listen(sock, backlog));
}

/* A number that is no socket is told before anything else that is wrong. */
static int
refuse(int sock, int rc)
{
	return (int)err_edge(fdtable_owns(sock) ? rc : -EBADF);
}

/*
 * The room for an address.  What the kernel takes for negative is refused
 * before it has taken anything from a queue.
 */
static bool
is_room(const net_socklen_t *addrlen)
{
	return addrlen == NULL || *addrlen <= INT_MAX;
}

/*
 * Where accept and recvfrom store an address: 0, or what is wrong with it.  An
 * address without its length would be found out when something is taken.
 */
static int
check_room(struct net_sockaddr **addr, net_socklen_t **addrlen)
{
	if (*addr != NULL && *addrlen == NULL &&
	    quirk(QUIRK_ADDRESS_ALONE) != 0)
		return -quirk(QUIRK_ADDRESS_ALONE);
	if (*addr == NULL || *addrlen == NULL) {
		*addr = NULL;
		*addrlen = NULL;
	}
	return is_room(*addrlen) ? 0 : -EINVAL;
}

int
zsock_accept(int sock, struct net_sockaddr *addr, net_socklen_t *addrlen)
{
	const int rc = check_room(&addr, &addrlen);

	if (rc < 0)
		return refuse(sock, rc);
	return (int)err_edge(call_accept(sock, addr, addrlen));
}

static ssize_t
no_buffer(int sock, const char *call)
{
	if (!fdtable_owns(sock))
		return err_edge(-EBADF);
	if (call_checks_buffer(sock))
		return err_edge(-quirk(QUIRK_ARGUMENT_NULL));
	return err_edge(edge_fault(call, "the buffer"));
}

ssize_t
zsock_send(int sock, const void *buf, size_t len, int flags)
{
	if (buf == NULL && len > 0)
		return no_buffer(sock, "zsock_send");
	return err_edge(
	    call_io_sendto(sock, buf, len, edge_flags(flags), NULL, 0));
}

ssize_t
zsock_sendto(int sock, const void *buf, size_t len, int flags,
    const struct net_sockaddr *dest, net_socklen_t addrlen)
{
	const struct sockaddr *to = NULL;
	socklen_t len_to = 0;
	struct edge_addr a;
	int rc;

	if (buf == NULL && len > 0)
		return no_buffer(sock, "zsock_sendto");
	if (dest != NULL) {
		rc = edge_dest(&a, sock, dest, addrlen, "zsock_sendto");
		if (rc < 0)
			return err_edge(rc);
		to = (struct sockaddr *)&a.any;
		len_to = a.len;
	}
	return err_edge(
	    call_io_sendto(sock, buf, len, edge_flags(flags), to, len_to));
}

/* What is no array of buffers is nothing to look into. */
static int
check_pieces(const struct net_msghdr *msg)
{
	if (msg->msg_iov == NULL && msg->msg_iovlen > 0)
		return -quirk(QUIRK_ARGUMENT_NULL);
	return msg->msg_iovlen > IOV_MAX ? -EMSGSIZE : 0;
}

/* A buffer that is NULL is found out by who uses it, which may be the kernel. */
static ssize_t
message_result(const struct net_msghdr *msg, ssize_t n)
{
	for (size_t i = 0; n == -EFAULT && i < msg->msg_iovlen; i++) {
		if (msg->msg_iov[i].iov_base == NULL)
			n = -quirk(QUIRK_ARGUMENT_NULL);
	}
	return err_edge(n);
}

/* Linux takes an address of no bytes for none, and one too long for cut. */
static void
settle_name(struct net_msghdr *m)
{
	if (quirk(QUIRK_ADDRESS_SHORT) != 0)
		return;
	if (m->msg_namelen == 0)
		m->msg_name = NULL;
	if (m->msg_namelen > sizeof(struct sockaddr_storage) &&
	    m->msg_namelen <= INT_MAX)
		m->msg_namelen = sizeof(struct sockaddr_storage);
}

ssize_t
zsock_sendmsg(int sock, const struct net_msghdr *msg, int flags)
{
	struct net_msghdr m;
	struct edge_addr a;
	int rc;

	if (msg == NULL)
		return err_edge(call_sendmsg_null(sock));
	rc = check_pieces(msg);
	if (rc < 0)
		return refuse(sock, rc);
	m = *msg;
	m.msg_flags = 0;
	settle_name(&m);
	if (m.msg_name != NULL) {
		rc = edge_dest(&a, sock, m.msg_name, m.msg_namelen,
		    "zsock_sendmsg");
		if (rc < 0)
			return err_edge(rc);
		m.msg_name = &a.any;
		m.msg_namelen = a.len;
	}
	return message_result(&m, call_sendmsg(sock, &m, edge_flags(flags)));
}

ssize_t
zsock_recv(int sock, void *buf, size_t len, int flags)
{
	if (buf == NULL && len > 0)
		return no_buffer(sock, "zsock_recv");
	return err_edge(
	    call_io_recvfrom(sock, buf, len, edge_flags(flags), NULL, NULL));
}

ssize_t
zsock_recvfrom(int sock, void *buf, size_t len, int flags,
    struct net_sockaddr *src, net_socklen_t *addrlen)
{
	int rc;

	if (buf == NULL && len > 0)
		return no_buffer(sock, "zsock_recvfrom");
	rc = check_room(&src, &addrlen);
	if (rc < 0)
		return refuse(sock, rc);
	return err_edge(
	    call_io_recvfrom(sock, buf, len, edge_flags(flags), src, addrlen));
}

static int
check_message(const struct net_msghdr *msg)
{
	int rc;

	if (msg == NULL)
		return -quirk(QUIRK_ARGUMENT_NULL);
	if ((msg->msg_iov == NULL || msg->msg_iovlen < 1) &&
	    quirk(QUIRK_RECVMSG_NO_BUFFERS) != 0)
		return -quirk(QUIRK_RECVMSG_NO_BUFFERS);
	rc = check_pieces(msg);
	if (rc == 0 && msg->msg_name != NULL && !is_room(&msg->msg_namelen))
		rc = -EINVAL;
	return rc;
}

ssize_t
zsock_recvmsg(int sock, struct net_msghdr *msg, int flags)
{
	const int rc = check_message(msg);
	int first;

	if (rc == 0)
		return message_result(msg,
		    call_recvmsg(sock, msg, edge_flags(flags)));
	first = call_no_recvmsg(sock);
	return err_edge(first < 0 ? first : rc);
}

/* What is wrong with the room for a name; the kind may have no names at all. */
static int
check_name(int sock, const struct net_sockaddr *addr,
    const net_socklen_t *addrlen)
{
	if (addr != NULL && addrlen != NULL && is_room(addrlen))
		return 0;
	if (!call_uses_address(sock))
		return 0;
	return addr == NULL || addrlen == NULL ? -quirk(QUIRK_ARGUMENT_NULL)
	                                       : -EINVAL;
}

int
zsock_getsockname(int sock, struct net_sockaddr *addr, net_socklen_t *addrlen)
{
	int rc = check_name(sock, addr, addrlen);

	if (rc < 0 && (addr == NULL || addrlen == NULL) &&
	    quirk(QUIRK_SOCKNAME_NULL) != 0)
		rc = edge_null("zsock_getsockname", "an argument");
	if (rc == 0)
		rc = call_getsockname(sock, addr, addrlen);
	return (int)err_edge(rc);
}

int
zsock_getpeername(int sock, struct net_sockaddr *addr, net_socklen_t *addrlen)
{
	int rc = check_name(sock, addr, addrlen);

	if (rc == 0)
		rc = call_getpeername(sock, addr, addrlen);
	return (int)err_edge(rc);
}

int
zsock_getsockopt(int sock, int level, int optname, void *optval,
    net_socklen_t *optlen)
{
	return (int)err_edge(
	    call_getsockopt(sock, level, optname, optval, optlen));
}

int
zsock_setsockopt(int sock, int level, int optname, const void *optval,
    net_socklen_t optlen)
{
	const int rc = call_setsockopt(sock, level, optname, optval, optlen);

	/* The older device forgets to turn this one into an errno. */
	if (rc == -EINVAL && level == NET_IPPROTO_TCP &&
	    optname == ZSOCK_TCP_NODELAY && quirk(QUIRK_NODELAY_RAW) != 0)
		return rc;
	return (int)err_edge(rc);
}

int
zsock_fcntl(int sock, int cmd, int flags)
{
	return (int)err_edge(call_fcntl(sock, cmd, flags));
}

int
zsock_ioctl(int sock, unsigned long request, ...)
{
	va_list ap;
	int *value;

	va_start(ap, request);
	value = va_arg(ap, int *);
	va_end(ap);
	return (int)err_edge(call_ioctl(sock, request, value));
}
