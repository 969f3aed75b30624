#ifndef ZEPHYR_NET_SOCKET_H
#define ZEPHYR_NET_SOCKET_H

/*
 * Zephyr's sockets.
 *
 * Unless a comment says otherwise: a call may be made from any thread; one
 * thread may send on a socket while another receives, and closing it wakes
 * them with EINTR; arguments stay the caller's, and nothing keeps a pointer to
 * them after the call; a failure is -1 with errno.
 *
 * Every call with a sock answers EBADF for a number that is not an open socket
 * of the library, and EOPNOTSUPP where that kind of socket cannot do it, before
 * it looks at its other arguments; these are not repeated below.  An address
 * that must not be NULL and is, or any other such pointer, is EINVAL, where a
 * device would crash; in the linux profile, where what is not secure is the
 * kernel's affair, EFAULT as there.  Errors that are not listed are the kernel's,
 * as its manual has them.  All this is the newest Zephyr's behaviour, the profile
 * zephyr; zsock(7) says where zephyr-3.3 and linux differ.
 *
 * Addresses may have Zephyr's own, shorter lengths: 8 bytes for IPv4, 24 for
 * IPv6; not so in the linux profile.  On a secure socket a failure of TLS is
 * final: every later send and receive answers the same errno, whichever it was,
 * until the socket is closed, and zsock_error_text() says what happened.  The
 * peer's close_notify is no failure: receiving is 0 from then on, and sending
 * ECONNABORTED.  On a secure datagram socket only a session ends, and the next
 * send, or client, begins another; what else is different there stands behind
 * "DTLS" (RFC 6347 for the protocol, the Zephyr documentation for the calls).
 */

#include <zephyr/net/net_ip.h>
#include <zephyr/net/socket_poll.h>
#include <zephyr/net/socket_select.h>
#include <zephyr/net/socket_types.h>
#include <zephyr/net/tls_credentials.h>
#include <zsock/api.h>
#include <zsock/detail/send_all.h>
#include <zsock/options.h>

/*
 * What ZSOCK_TLS_CERT_VERIFY_CALLBACK takes.  cb is a pointer to
 *
 *   int cb(void *ctx, mbedtls_x509_crt *crt, int depth, uint32_t *flags);
 *
 * or with void *crt, which is NULL, where the program has no Mbed TLS.  crt and
 * flags are lent for the call; depth 0 is the peer's own certificate; other than
 * 0 ends the handshake.  It is called by the thread that does the handshake.
 */
struct zsock_tls_cert_verify_cb {
	void *cb;
	void *ctx;
};

ZSOCK_BEGIN_DECLS

/*
 * Make a socket.  NET_IPPROTO_TLS_1_2 and its like make a NET_SOCK_STREAM one
 * secure, NET_IPPROTO_DTLS_1_2 and _1_0 a NET_SOCK_DGRAM one; 0 is TCP or UDP, as
 * the type says.  Does not block.
 *
 * Returns its number, the lowest that is free, from 0 on: test for < 0, not
 * for <= 0.  (With the POSIX names, the kernel's number.)  It is the caller's
 * to close.  Errors, in the order in which they are looked for (Zephyr)
 *   EAFNOSUPPORT     family is neither NET_AF_INET nor NET_AF_INET6
 *   ENFILE           no number is free
 *   EPROTOTYPE       type is none of the above; type bits do not exist
 *   EPROTONOSUPPORT  the type does not have this protocol
 *   ENOMEM           out of memory
 * In the linux profile the kernel's families, types, type bits and protocols
 * exist as well, and its errors.
 */
ZSOCK_API int zsock_socket(int family, int type, int proto);

/*
 * Make two sockets that are connected with each other: what is sent on one is
 * received on the other, in both directions.  Does not block.
 *
 * As on the device (the linux profile's are the kernel's own):
 *
 * 64 bytes each way wait to be received, or what
 * CONFIG_NET_SOCKETPAIR_BUFFER_SIZE of the target's limits says.  A send waits
 * for some room and then sends what fits, which may be less than it was given.
 * A zsock_sendmsg sends all of it, one buffer after the other; if O_NONBLOCK is
 * set, all or nothing.  ZSOCK_MSG_* flags and destinations are ignored: only
 * O_NONBLOCK keeps a call from waiting.  zsock_recvfrom stores no address and
 * the length 0.
 *
 * After the peer was closed, what it had sent is received first, then 0.
 * ZSOCK_POLLIN says so to who asks for it, and ZSOCK_POLLHUP to who asks for
 * ZSOCK_POLLOUT, which is set exactly while there is room.  Data must be
 * received by the library's calls: room is counted by them.
 *
 * Returns 0 and in sv the two numbers, which are the caller's to close, or -1
 * with errno, and sv as it was.  In the order in which they are looked for
 * (Zephyr)
 *   EAFNOSUPPORT     family is not NET_AF_UNIX
 *   EPROTOTYPE       type is not NET_SOCK_STREAM; type bits do not exist
 *   EPROTONOSUPPORT  proto is not 0
 *   EFAULT           sv is NULL
 *   ENOMEM           out of memory, or CONFIG_NET_SOCKETPAIR_MAX pairs are open
 *   ENFILE           fewer than two numbers, or the kernel's four descriptors
 *                    that a pair takes, are free
 * and of the calls on one of them (Zephyr)
 *   EPIPE        send: the peer was closed; receive: it was closed while the
 *                call waited
 *   EAGAIN       O_NONBLOCK is set, and nothing is there, or no room, or
 *                another thread is sending at this moment
 *   EMSGSIZE     zsock_sendmsg: O_NONBLOCK is set, and there is not room for
 *                all of it; nothing was sent
 *   EINVAL       nothing is to be sent or received (zsock_sendmsg: one of
 *                several buffers is empty; all are empty is 0); zsock_listen
 *   EINTR        a signal came, or another thread closed the socket
 *   EISCONN      zsock_bind, zsock_connect
 *   ENOTSUP      zsock_shutdown
 *   ENOPROTOOPT  every option
 *   EOPNOTSUPP   zsock_accept, zsock_getsockname, zsock_getpeername, and
 *                zsock_ioctl but for FIONREAD and FIONBIO; in the zephyr-3.3
 *                profile zsock_recvmsg
 */
ZSOCK_API int zsock_socketpair(int family, int type, int proto, int sv[2]);

/*
 * Close a socket.  A secure one says close_notify first and sends what is
 * still to be sent, for at most one second; it does not wait on a non-blocking
 * socket, nor if another thread is blocked on it.  The number is gone whatever
 * the result is, but not given again before every call that was blocked on the
 * socket has returned.  Returns 0.
 */
ZSOCK_API int zsock_close(int sock);

/*
 * End receiving (ZSOCK_SHUT_RD), in every state of the socket: what is queued
 * is thrown away, and receiving is 0 from then on.  No TLS alert is sent.
 *
 * Returns 0, or -1 with errno
 *   ENOTSUP  how is ZSOCK_SHUT_WR or ZSOCK_SHUT_RDWR (Zephyr)
 *   EINVAL   how is none of the three
 * In the linux profile what is queued can be read, and these two end sending
 * as well: a secure stream says close_notify first, and may wait for room, or
 * answer EAGAIN or EINTR, as zsock_send does.
 */
ZSOCK_API int zsock_shutdown(int sock, int how);

/*
 * Give the socket its local address.  Port 0 lets the kernel choose one, which
 * is then in *addr (Zephyr).  Does not block.
 *
 * Returns 0, or -1 with errno
 *   EINVAL      addrlen is too short for the family, or the family is not the
 *               socket's
 *   EISCONN     the socket has an address already (Zephyr)
 *   EADDRINUSE  another socket has it
 *   ENOENT      no interface has it (Zephyr)
 */
ZSOCK_API int zsock_bind(int sock, const struct net_sockaddr *addr,
    net_socklen_t addrlen);

/*
 * Connect to addr, or on a datagram socket choose whom to talk to.
 *
 * On a secure socket the handshake is part of the call, which blocks through
 * it even if O_NONBLOCK is set, for at most 10 seconds (Zephyr; in milliseconds
 * in the environment's ZSOCK_TLS_HANDSHAKE_TIMEOUT_MS).  On a plain one
 * O_NONBLOCK gives EINPROGRESS at once.  Signals do not interrupt it, and the
 * time limits go on; in the profile linux a plain one is EINTR then, and still
 * being connected, as POSIX has it.  In that profile a secure one with O_NONBLOCK
 * gives EINPROGRESS, too, and zsock_poll, send and recv go on with the handshake.
 *
 * DTLS: a client's peer is addr from now on, and the handshake is part of the
 * call as above, unless TLS_DTLS_HANDSHAKE_ON_CONNECT is 0 (or Zephyr 3.3): then
 * the first zsock_send does it.  What is not answered is sent again by the
 * schedule of TLS_DTLS_HANDSHAKE_TIMEOUT_MIN and _MAX.
 *
 * Returns 0, also on a plain stream that is connected already (Zephyr).
 *   EINVAL         addrlen is too short, or the family is not the socket's
 *   ETIMEDOUT      no answer from the peer's host within 3 seconds, or nothing
 *                  listens there (Zephyr)
 *   EINPROGRESS    O_NONBLOCK is set: ZSOCK_POLLOUT and SO_ERROR say what
 *                  becomes of it
 *   ECONNREFUSED   nothing listens there; O_NONBLOCK is set.  Also if addr
 *                  stands for a redirected name of ZSOCK_HOSTS that has no
 *                  redirection for this port (so of zsock_sendto, zsock_sendmsg)
 *   EALREADY       it is being connected, or the secure socket is connected
 *   EOPNOTSUPP     the socket listens; DTLS: it has a server's role
 *   EADDRNOTAVAIL  a stream, and an IPv6 group (Zephyr)
 *   EINTR          another thread closed the socket
 *   others         the same as before, of a stream that failed to connect
 * with ZSOCK_SO_SOCKS5, where the connect blocks in any case,
 *   ECONNREFUSED, ENETUNREACH, EHOSTUNREACH, EACCES, ETIMEDOUT
 *                  the proxy says so of the peer
 *   ECONNABORTED   it says anything else, wants authentication, or breaks off
 *   ENOTSUP        it is a datagram socket
 * and on a secure socket
 *   ECONNABORTED  the handshake failed
 *   ECONNRESET    the peer reset the connection meanwhile (Zephyr 3.3:
 *                 ECONNABORTED)
 *   ETIMEDOUT     it was not complete in time; EAGAIN if O_NONBLOCK is set.
 *                 DTLS: a send goes on with it, or a connect begins another
 *   ENOENT        nothing is stored under one of its sec_tags any more
 *   EINVAL        a credential cannot be used
 *   ENOMEM        out of memory; ECONNABORTED if OpenSSL is in the middle of
 *                 the handshake
 */
ZSOCK_API int zsock_connect(int sock, const struct net_sockaddr *addr,
    net_socklen_t addrlen);

/*
 * Let others connect; backlog is ignored (Zephyr).  Does not block.
 *
 * Returns 0, or -1 with errno
 *   EADDRINUSE  another socket listens there
 *   EINVAL      the socket is connected, or has failed to connect
 *   EOPNOTSUPP  it is a datagram socket
 */
ZSOCK_API int zsock_listen(int sock, int backlog);

/*
 * Take the next connection, and wait for one unless O_NONBLOCK is set.  addr
 * and addrlen take the peer's address; *addrlen is the room on entry and the
 * length, which may be larger, on return.  If one of them is NULL neither is
 * looked at (in the linux profile addr without addrlen is EFAULT).
 *
 * On a secure socket the handshake is part of the call and blocks as that of
 * zsock_connect does: one silent client holds up the others for its 10 seconds
 * (Zephyr).  A failed handshake closes that connection and leaves the listener
 * as it was, so a server must go on after it.  In the profile linux zsock_accept
 * returns at once, and the calls for the new socket go on with the handshake.
 * The new socket has the listener's TLS options and no other.
 *
 * Returns the new socket's number, the caller's to close.
 *   EAGAIN        O_NONBLOCK is set and nobody waits
 *   ENFILE        no number is free; the connection stays in the queue
 *   EINVAL        the socket does not listen: a device would wait for ever;
 *                 *addrlen is above INT_MAX
 *   EINTR         a signal came while nobody was there yet, and its handler has
 *                 no SA_RESTART or SO_RCVTIMEO is set; or another thread closed
 *                 the socket.  The handshake is not interrupted by signals
 *   ECONNABORTED  the handshake failed
 *   ECONNRESET    the peer reset the connection meanwhile (Zephyr 3.3:
 *                 ECONNABORTED)
 *   ETIMEDOUT     it was not complete in time; EAGAIN if O_NONBLOCK is set
 *   ENOENT        nothing is stored under one of the sec_tags any more
 *   EINVAL        a credential cannot be used
 *   ENOMEM        out of memory, as there
 */
ZSOCK_API int zsock_accept(int sock, struct net_sockaddr *addr,
    net_socklen_t *addrlen);

/*
 * Send len bytes.  Blocks until they are taken unless flags have
 * ZSOCK_MSG_DONTWAIT or O_NONBLOCK is set; SO_SNDTIMEO limits the wait, and on
 * a plain stream the device's own limit of 10 seconds (Zephyr).  Of flags only
 * ZSOCK_MSG_* count.  SIGPIPE is never raised.
 *
 * zsock_sendto sends to dest; NULL is who the socket is connected to.
 * zsock_sendmsg sends the buffers of msg_iov as one message, to msg_name.  A
 * stream, secure or not, and a socketpair do not look at such an address.  Of
 * its control messages those of IP_PKTINFO, IP_TTL, IPV6_PKTINFO and
 * IPV6_HOPLIMIT count, on a plain datagram socket; all others are ignored
 * (Zephyr).
 *
 * DTLS: what is sent is one datagram.  A client without a session makes one
 * first: dest is its peer if it has none yet, and the call waits until the
 * handshake is complete or the schedule of its retransmissions is over, whatever
 * flags, O_NONBLOCK and SO_SNDTIMEO say (Zephyr).  A server sends to its client
 * dest, or if that is NULL to the one that it last heard or sent to.
 *
 * Returns how many bytes were taken, on a stream perhaps fewer than len.
 *   EAGAIN        it would block, or the time of SO_SNDTIMEO is over
 *   ENOBUFS       a plain stream, and the device's limit is over (Zephyr)
 *   ENOTCONN      a stream that is not connected, or cannot send any more
 *                 (Zephyr); a secure one without a complete handshake; DTLS: a
 *                 server that has no session with that client
 *   EISCONN       DTLS: a client, and dest is not its peer
 *   EDESTADDRREQ  a datagram without a destination
 *   ECONNRESET, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH
 *                 a plain stream was reset, or its peer's host is gone, or it
 *                 has failed to connect: the same from then on (Zephyr)
 *   ECONNABORTED  the secure connection has failed, or the peer has ended it;
 *                 DTLS: the handshake has failed, or the datagram is too large
 *                 for a record or could not be sent, which ends the session
 *                 (Zephyr; 3.3: EIO)
 *   ETIMEDOUT     DTLS: the peer did not answer; the next send tries anew
 *   ENOENT, EINVAL  DTLS: the credentials, as zsock_connect has it
 *   EMSGSIZE      msg has more than IOV_MAX buffers; DTLS: more than one that is
 *                 not empty (Zephyr)
 *   ENOMEM        the datagram is too large (Zephyr); or there was none to move
 *                 bytes of a secure stream with, which has failed
 *   EINTR         a signal came before anything was taken, whether its handler
 *                 has SA_RESTART or not; or another thread closed the socket
 *   EINVAL        a datagram's address is too short, or not an internet one;
 *                 buf, msg, msg_iov or one of its buffers is NULL and its
 *                 length is not 0; a control message has not the length it
 *                 says, or those that count have more than 256 bytes
 */
ZSOCK_API ssize_t zsock_send(int sock, const void *buf, size_t len, int flags);
ZSOCK_API ssize_t zsock_sendto(int sock, const void *buf, size_t len, int flags,
    const struct net_sockaddr *dest, net_socklen_t addrlen);
ZSOCK_API ssize_t zsock_sendmsg(int sock, const struct net_msghdr *msg,
    int flags);

/*
 * Receive up to len bytes, or one datagram.  Waits for the first byte unless
 * flags have ZSOCK_MSG_DONTWAIT or O_NONBLOCK is set; SO_RCVTIMEO limits the
 * wait; ZSOCK_MSG_WAITALL waits for all of them.  Of flags only ZSOCK_MSG_*
 * count.  What a datagram has beyond len is lost; with ZSOCK_MSG_TRUNC the
 * result is its true length.
 *
 * zsock_recvfrom stores who sent it, as zsock_accept does; src and addrlen may
 * be NULL, as there.  zsock_recvmsg fills several buffers, and control data.
 *
 * DTLS: one record of the session's, which ends with what len has no room for.
 * *addrlen is cut to the room that there is.  A server goes on with the
 * handshakes of its clients meanwhile, and ends sessions of which nothing is
 * heard; what becomes of them it does not tell.
 *
 * Returns how many bytes were received; 0 is the end of a stream: the peer's
 * close_notify on a secure one, or the end of its TCP connection between two
 * records.  What arrived before an error is returned first.
 *   EAGAIN      nothing is there, or the time is over
 *   ENOTCONN    a stream that is not connected; a secure one without a
 *               complete handshake; DTLS: the client's session is over by the
 *               server's close_notify
 *   ECONNABORTED
 *               DTLS: it is over by an alert (Zephyr 3.3: EIO)
 *   ENOENT, EINVAL
 *               DTLS: a server's credentials, as zsock_connect has it
 *   EIO         the secure connection has failed: an alert, a damaged record or
 *               a reset (Zephyr); the same from then on
 *   ECONNRESET, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH
 *               a plain connection was reset, or its peer's host is gone, or it
 *               was never made: the same from then on (Zephyr).  ECONNRESET: a
 *               secure one ended inside a record
 *   EINTR       a signal came before anything was received, and its handler has
 *               no SA_RESTART or SO_RCVTIMEO is set; or another thread closed
 *               the socket
 *   ENOTSUP     ZSOCK_MSG_PEEK on a secure socket (Zephyr)
 *   EOPNOTSUPP  zsock_recvmsg on a secure socket (Zephyr); on Linux the two are
 *               one number
 *   EINVAL      buf, or one of msg_iov's, is NULL and its length is not 0; msg
 *               is NULL; *addrlen, or msg_namelen, is above INT_MAX
 *   ENOMEM      there was none for a secure stream, as above; or
 *               zsock_recvmsg with msg_iov NULL or msg_iovlen 0, on a stream as
 *               well (Zephyr)
 *   EMSGSIZE    msg has more than IOV_MAX buffers
 */
ZSOCK_API ssize_t zsock_recv(int sock, void *buf, size_t len, int flags);
ZSOCK_API ssize_t zsock_recvfrom(int sock, void *buf, size_t len, int flags,
    struct net_sockaddr *src, net_socklen_t *addrlen);
ZSOCK_API ssize_t zsock_recvmsg(int sock, struct net_msghdr *msg, int flags);

/*
 * cmd is ZVFS_F_GETFL, which returns 0 or ZSOCK_O_NONBLOCK, or ZVFS_F_SETFL,
 * which sets that flag (Zephyr's number, 0x4000, is taken as well) and returns
 * 0.
 *   EOPNOTSUPP  any other cmd (Zephyr)
 * In the linux profile every cmd and flag is the kernel's, but for F_DUPFD and
 * F_DUPFD_CLOEXEC.
 */
ZSOCK_API int zsock_fcntl(int sock, int cmd, int flags);

/*
 * request is ZFD_IOCTL_FIONREAD, which stores how many bytes can be received,
 * ZFD_IOCTL_FIONWRITE, which stores how many are not yet acknowledged, or
 * ZFD_IOCTL_FIONBIO, which makes the socket non-blocking whatever its argument
 * is (Zephyr).  The argument is an int *.  Does not block.
 *
 * Returns 0, or -1 with errno
 *   EINVAL      it is NULL where something is to be stored (in the linux profile
 *               EFAULT); ZFD_IOCTL_FIONWRITE of a stream that listens
 *   EOPNOTSUPP  any other request, or a secure socket (Zephyr)
 */
ZSOCK_API int zsock_ioctl(int sock, unsigned long request, ...);

/*
 * Read or set an option: level and optname are ZSOCK_*, optval is what that
 * option takes and *optlen, or optlen, its size in bytes; on return *optlen is
 * what was written.  zsock(7) lists them all, and the few that are accepted and
 * ignored, as the device has it (Zephyr).  Does not block.
 *
 * Returns 0, or -1 with errno
 *   ENOPROTOOPT   the socket has no such option, or not in this direction; the
 *                 kernel does not allow SO_BINDTODEVICE without CAP_NET_RAW
 *   EINVAL        the size or the value does not fit, or optval is NULL
 *   ENOTCONN      TLS_CIPHERSUITE_USED before the handshake
 *   ENODEV        SO_BINDTODEVICE: no interface has this name
 *   ENOENT        IP_MULTICAST_IF, or a group to join or leave: no interface has
 *                 this address or index
 *   EAFNOSUPPORT  the same, and the socket is of the other family
 * (in the zephyr-3.3 profile a bad TCP_NODELAY is the result -EINVAL and leaves
 * errno alone)
 * and for TLS_SEC_TAG_LIST, which then keeps its old value (Zephyr)
 *   ENOENT       nothing is stored under one of the tags
 *   EINVAL       a credential cannot be read, or does not go with the others; a
 *                pre-shared key has no identity under its tag, is too long, or
 *                its identity is too long or has a NUL in it
 */
ZSOCK_API int zsock_getsockopt(int sock, int level, int optname, void *optval,
    net_socklen_t *optlen);
ZSOCK_API int zsock_setsockopt(int sock, int level, int optname,
    const void *optval, net_socklen_t optlen);

/*
 * The object behind a number, for what wants to know whether two numbers are
 * the same socket; it is only valid until the socket is closed.
 *
 * Returns NULL for a number that is not an open socket of the library; errno is
 * left alone.
 */
ZSOCK_API void *zsock_get_context_object(int sock);

/*
 * The address of the peer, or of the socket itself.  *addrlen is the room on
 * entry and the length, which may be larger, on return.
 *   EINVAL    addr or addrlen is NULL (Zephyr); the socket has no address yet;
 *             *addrlen is above INT_MAX
 *   ENOTCONN  there is no peer
 */
ZSOCK_API int zsock_getpeername(int sock, struct net_sockaddr *addr,
    net_socklen_t *addrlen);
ZSOCK_API int zsock_getsockname(int sock, struct net_sockaddr *addr,
    net_socklen_t *addrlen);

/*
 * Find the addresses of host, or what host says if it is an address, perhaps in
 * brackets or with a port, which does not count; NULL with ZSOCK_AI_PASSIVE is
 * the one to bind to.  service is a decimal port, 1 to 65535, or NULL: it is
 * never a name (Zephyr).  hints may be NULL; of them family, socktype and the
 * two flags that are named here count: other flags and the protocol are ignored
 * (Zephyr).
 *
 * Names are looked for among those of ZSOCK_HOSTS and zsock_hosts_add() first;
 * only then is the host's resolver asked, for IPv4 and then for IPv6.  Blocks
 * for at most 2 seconds each (Zephyr; CONFIG_NET_SOCKETS_DNS_TIMEOUT of
 * ZSOCK_LIMITS).  An address, or a name of one's own, never blocks.
 *
 * Returns 0 and in *res a list, IPv4 first, one entry an address, no more than
 * two (Zephyr; one under zephyr-3.3; CONFIG_DNS_RESOLVER_AI_MAX_ENTRIES of
 * ZSOCK_LIMITS), which the caller releases with zsock_freeaddrinfo; else *res
 * is NULL and the result one of
 *   DNS_EAI_NONAME      no such host; service is not a port (Zephyr)
 *   DNS_EAI_NODATA      the host has no such address
 *   DNS_EAI_FAIL        host is NULL without ZSOCK_AI_PASSIVE, or no address
 *                       of the wanted family despite ZSOCK_AI_NUMERICHOST
 *                       (Zephyr)
 *   DNS_EAI_ADDRFAMILY  host is an address of another family than hints want,
 *                       or that family is not an internet one
 *   DNS_EAI_CANCELED    no answer in time (Zephyr)
 *   DNS_EAI_AGAIN       no answer now: a name server that cannot be reached,
 *                       or 32 queries that are still under way
 *   DNS_EAI_MEMORY      out of memory
 *   DNS_EAI_SYSTEM      see errno: EINVAL if host and service are NULL, or res,
 *                       or host is empty; ENOMEM if host has more than 253
 *                       bytes (Zephyr)
 *   others              the host's resolver's
 *
 * Under the profile linux the host's getaddrinfo has the say in all of this,
 * names of services, flags, entries and time included; the list is still one
 * block, and names of one's own are still found.
 */
ZSOCK_API int zsock_getaddrinfo(const char *host, const char *service,
    const struct zsock_addrinfo *hints, struct zsock_addrinfo **res);

/* Release a list; it must be the head of one, or NULL. */
ZSOCK_API void zsock_freeaddrinfo(struct zsock_addrinfo *ai);

/*
 * The name of a DNS_EAI_ code, "EAI_NONAME" say (Zephyr); a static string.
 * "EAI_UNKNOWN" for what is none, and under the profile zephyr-3.3 for half of
 * them.
 */
ZSOCK_API const char *zsock_gai_strerror(int errcode);

/*
 * The address and the port of addr as text, into host and serv, either of which
 * may be NULL: always numbers, whatever flags and addrlen are (Zephyr).  serv is
 * cut to servlen bytes.
 *
 * Returns 0, or
 *   DNS_EAI_SYSTEM    see errno: EAFNOSUPPORT if host is not NULL and the
 *                     family not an internet one; EINVAL if addr is NULL (in
 *                     the profile linux DNS_EAI_FAMILY)
 *   DNS_EAI_OVERFLOW  host does not fit its hostlen bytes; a device writes
 *                     beyond the end
 *
 * Under the profile linux it is the host's getnameinfo, which may look names
 * up and block.
 */
ZSOCK_API int zsock_getnameinfo(const struct net_sockaddr *addr,
    net_socklen_t addrlen, char *host, net_socklen_t hostlen, char *serv,
    net_socklen_t servlen, int flags);

/*
 * The name of the device: CONFIG_NET_HOSTNAME of ZSOCK_LIMITS, or "zephyr".  It
 * is cut to len bytes, without a NUL if there is no room for it (Zephyr).  Under
 * the profile linux it is the host's name.
 *
 * Returns 0, or -1 with errno
 *   EINVAL        buf is NULL
 *   ENAMETOOLONG  it does not fit; only under the profile linux
 */
ZSOCK_API int zsock_gethostname(char *buf, size_t len);

/*
 * An address as text, in dst of size bytes: NET_INET6_ADDRSTRLEN is always
 * enough.
 *
 * Returns dst, or NULL with errno
 *   EAFNOSUPPORT  family is neither NET_AF_INET nor NET_AF_INET6
 *   ENOSPC        size is too small; a device writes beyond the end
 *   EINVAL        src or dst is NULL
 */
ZSOCK_API char *zsock_inet_ntop(net_sa_family_t family, const void *src,
    char *dst, size_t size);

/*
 * Text as an address, into a struct net_in_addr or net_in6_addr.  Under the
 * profile zephyr-3.3 numbers wrap and may be missing, as there.
 *
 * Returns 1, or 0 if src is not an address of that family, the family not an
 * internet one, or src or dst NULL: never -1 (Zephyr), except under the profile
 * linux, with errno
 *   EAFNOSUPPORT  the family is not an internet one
 */
ZSOCK_API int zsock_inet_pton(net_sa_family_t family, const char *src,
    void *dst);

ZSOCK_END_DECLS

#ifndef ZSOCK_NO_COMPAT_NAMES
#include <zephyr/net/net_compat.h>
#endif
#include <zsock/detail/posix_names.h>

/* From here on the check below this header's guard counts. */
#define ZSOCK_SOCKET_H_COMPLETE 1

#endif

/*
 * The names are bound when the header is first seen.  A source that asks for
 * them later would call the kernel's socket() and send() without a word.
 */
#if defined(ZSOCK_SOCKET_H_COMPLETE) && !defined(ZSOCK_POSIX_NAMES) && \
    (defined(CONFIG_NET_SOCKETS_POSIX_NAMES) || defined(CONFIG_POSIX_API))
#error \
    "CONFIG_NET_SOCKETS_POSIX_NAMES or CONFIG_POSIX_API is defined after a \
header of libzsock was included without it: define it before, best with -D on \
the command line"
#endif
