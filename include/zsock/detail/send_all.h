#ifndef ZSOCK_DETAIL_SEND_ALL_H
#define ZSOCK_DETAIL_SEND_ALL_H

#include <stddef.h>
#include <stdint.h>

#include <zephyr/net/net_ip.h>
#include <zsock/api.h>
#include <zsock/detail/timeout.h>

ZSOCK_BEGIN_DECLS

/*
 * Send all of it on a stream, plain or secure:
 *
 *   int zsock_send_all(int sock, const void *buf, size_t len, int flags,
 *       k_timeout_t timeout, size_t *sent);
 *   int zsock_sendmsg_all(int sock, const struct net_msghdr *msg, int flags,
 *       k_timeout_t timeout, size_t *sent);
 *
 * They block until everything is taken, also if O_NONBLOCK is set, or the time
 * is over; signals do not interrupt them.  K_NO_WAIT sends what is taken at
 * once.  flags are those of zsock_send.  sent may be NULL; *sent is how many
 * bytes were taken, also after a failure.  Another thread's bytes may come
 * between if it sends meanwhile.
 *
 * Here the time limit is in milliseconds; below 0, or above INT_MAX (24.8 days),
 * there is none.
 *
 * Returns 0 or a negative errno; errno itself is left alone (Zephyr)
 *   -EBADF       sock is not an open socket of the library
 *   -EOPNOTSUPP  it is not a stream
 *   -ETIMEDOUT   the time is over
 *   -EINTR       another thread closed the socket
 *   -EINVAL      buf, msg, msg_iov or one of its buffers is NULL and its length
 *                is not 0 (before a buffer that is, others may have been sent)
 *   -EMSGSIZE    msg_iovlen is more than any array has
 *   others       as zsock_send, but for EAGAIN
 */
ZSOCK_API int zsock_send_all_ms(int sock, const void *buf, size_t len,
    int flags, int64_t timeout_ms, size_t *sent);
ZSOCK_API int zsock_sendmsg_all_ms(int sock, const struct net_msghdr *msg,
    int flags, int64_t timeout_ms, size_t *sent);

ZSOCK_END_DECLS

/* Macros, because a foreign k_timeout_t may need ZSOCK_K_TIMEOUT_MS. */
#ifndef ZSOCK_NO_K_TIMEOUT
#define zsock_send_all(sock, buf, len, flags, timeout, sent) \
	zsock_send_all_ms((sock), (buf), (len), (flags), \
	    ZSOCK_K_TIMEOUT_MS(timeout), (sent))
#define zsock_sendmsg_all(sock, msg, flags, timeout, sent) \
	zsock_sendmsg_all_ms((sock), (msg), (flags), \
	    ZSOCK_K_TIMEOUT_MS(timeout), (sent))
#endif

#endif
