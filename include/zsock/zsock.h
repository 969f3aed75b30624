#ifndef ZSOCK_ZSOCK_H
#define ZSOCK_ZSOCK_H

/*
 * libzsock's own calls, which no device has: what a test or a program on the
 * host may want to know about a secure socket.  All are safe to call from any
 * thread, and none of them blocks.
 */

#include <stddef.h>

#include <zsock/api.h>

ZSOCK_BEGIN_DECLS

/*
 * The protocol version that the handshake of a secure socket agreed on,
 * "TLSv1.2" or "TLSv1.3".  The string is static: it outlives the socket and is
 * not freed.
 *
 * Returns NULL on failure, with errno
 *   EBADF       sock is not an open socket of the library
 *   EOPNOTSUPP  it is not a secure socket
 *   ENOTCONN    its handshake is not complete, or has failed
 */
ZSOCK_API const char *zsock_tls_version(int sock);

/*
 * The IANA name of the ciphersuite that the handshake agreed on, such as
 * "TLS_AES_256_GCM_SHA384".  Static, as above, and with the same errors.
 */
ZSOCK_API const char *zsock_tls_ciphersuite(int sock);

/*
 * Copy the line that says why TLS failed last on this socket, or on the last
 * client that a listener refused: the text that the log has, without the
 * newline.  It is cut to len bytes, the final NUL included; len 0 asks for the
 * length alone.  The text stays until the socket is closed or fails again.
 *
 * Returns the length of the whole text in bytes without its NUL, 0 if nothing
 * has failed (buf is then the empty string), or -1 with errno
 *   EBADF   sock is not an open socket of the library
 *   EINVAL  buf is NULL and len is not 0
 */
ZSOCK_API int zsock_error_text(int sock, char *buf, size_t len);

/*
 * Give sockets the kernel's descriptor numbers instead of private numbers from
 * 0, so that files, pipes and sockets share one number space.  It counts only
 * before the first socket of the process is made; later calls change nothing.
 * A source that uses the POSIX names calls it by itself, before main.
 */
ZSOCK_API void zsock_use_kernel_numbers(void);

ZSOCK_END_DECLS

#endif
