#ifndef ZSOCK_ZSOCK_H
#define ZSOCK_ZSOCK_H

/*
 * libzsock's own calls, which no device has: how sockets shall behave, and what
 * a test or a program on the host may want to know about them.  All are safe to
 * call from any thread; those that load a file wait for the disk, and none
 * waits for the network.
 */

#include <stddef.h>

#include <zsock/api.h>

ZSOCK_BEGIN_DECLS

/* What zsock_init takes; a member that is left as it is changes nothing. */
struct zsock_init_params {
	/* "zephyr", "zephyr-3.3" or "linux", instead of ZSOCK_PROFILE. */
	const char *profile;
	/* The lowest socket number, 0 to 1000000, instead of ZSOCK_FD_BASE. */
	int fd_base;
	/* A Kconfig file with the target's limits; after that of ZSOCK_LIMITS. */
	const char *limits;
	/* A file of names and redirections; after that of ZSOCK_HOSTS. */
	const char *hosts;
};

#define ZSOCK_INIT_DEFAULTS \
	{ \
		NULL, -1, NULL, NULL \
	}

/*
 * Say by program what the environment says otherwise.  Counts before the first
 * socket of the process only; may be called more than once until then.  Where
 * both files say something about one symbol or name, the program's counts.  A
 * program whose sockets have the kernel's numbers has no lowest one: a warning
 * says so when the first socket is made.
 *
 * Copies what it needs.  Returns 0, or -1 with errno, and a line in the log
 *   EBUSY   a socket was made already
 *   EINVAL  params is NULL, there is no such profile, fd_base is none, or a
 *           file has a line that cannot be understood: the log names it
 *   ENOENT, EACCES, ...  a file cannot be read
 * After a failure neither profile nor fd_base has changed, and of a file that
 * failed nothing counts.
 */
ZSOCK_API int zsock_init(const struct zsock_init_params *params);

/*
 * Set one limit of the target, such as "CONFIG_NET_MAX_CONTEXTS", also one that
 * ZSOCK_LIMITS or zsock_init has set; -1 takes it away.  Counts from now on,
 * at any time: what exceeds it already stays.  zsock(7) lists the symbols.
 *
 * Returns 0, or -1 with errno
 *   ENOENT  no limit has this symbol
 *   EINVAL  symbol is NULL, or value is below -1 or INT_MAX
 */
ZSOCK_API int zsock_set_limit(const char *symbol, int value);

/*
 * The protocol version that the handshake of a secure socket agreed on,
 * "TLSv1.2", "TLSv1.3" or "DTLSv1.2".  The string is static: it outlives the socket and is
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
 * Copy the name of the application protocol that the handshake agreed on (ALPN,
 * RFC 7301), such as "mqtt".  It is cut to len bytes, the final NUL included;
 * len 0 asks for the length alone.
 *
 * Returns the length of the whole name in bytes without its NUL, 0 if none was
 * agreed on (buf is then the empty string), or -1 with errno
 *   EINVAL  buf is NULL and len is not 0
 *   EBADF, EOPNOTSUPP, ENOTCONN  as above
 */
ZSOCK_API int zsock_tls_alpn(int sock, char *buf, size_t len);

/*
 * Did the handshake go on with an earlier session (TLS_SESSION_CACHE) instead
 * of being a full one?  1 or 0, or -1 with errno as above.  A pre-shared key of
 * the program's own is no earlier session.
 */
ZSOCK_API int zsock_tls_resumed(int sock);

/*
 * Copy the line that says why TLS failed last on this socket, or on the last
 * client that a listener refused: the text that the log has, without the
 * newline.  It is cut to len bytes, the final NUL included; len 0 asks for the
 * length alone.  The text stays until the socket is closed or fails again: like
 * errno it is not cleared by a success, so look at it after a failure only.
 *
 * Returns the length of the whole text in bytes without its NUL, 0 if nothing
 * has failed (buf is then the empty string), or -1 with errno
 *   EBADF   sock is not an open socket of the library
 *   EINVAL  buf is NULL and len is not 0
 */
ZSOCK_API int zsock_error_text(int sock, char *buf, size_t len);

/*
 * Give sockets the kernel's descriptor numbers instead of private numbers, so
 * that files, pipes and sockets share one number space.  It counts only before
 * the first socket of the process is made; later calls change nothing.  A
 * source that uses the POSIX names calls it by itself, before main.
 */
ZSOCK_API void zsock_use_kernel_numbers(void);

/*
 * Give names addresses of the program's own, and redirect ports: for a test,
 * what the file that ZSOCK_HOSTS names is for a program.  lines is text of that
 * file's syntax, one line or several; each is one of
 *
 *   127.0.0.1 broker.example.com broker   # hosts(5)
 *   broker.example.com:8883 -> 127.0.0.1:18883
 *   192.0.2.1:443 -> 127.0.0.1:8443
 *   [2001:db8::1]:443 -> [::1]:8443
 *
 * From then on zsock_getaddrinfo finds these names without asking the host's
 * resolver.  A name that is redirected and looked up with that port has the
 * target as its address; looked up without a port, it has a stand-in of
 * 198.18.0.0/15 or fd7a:736f:636b::/48, which becomes the target when it is
 * connected or sent to.  An address on the left is replaced in the same way.
 * TLS_HOSTNAME is not touched: the peer must prove the name that it says.
 *
 * Several lines of one call may give one name several addresses; they take the
 * place of those that it had before, of the same family.  A redirection takes
 * the place of an earlier one with the same left side and family.  Upper and
 * lower case in names are the same.  It takes all lines or none.
 *
 * Returns 0, or -1 with errno and a line in the log that says which line is
 * wrong and what to write
 *   EINVAL  a line cannot be understood, or lines is NULL
 *   ENOMEM  out of memory
 *   ENOSPC  more than 131070 names have been redirected in this process
 */
ZSOCK_API int zsock_hosts_add(const char *lines);

/*
 * Forget all of it, what ZSOCK_HOSTS said included.  Stand-ins that were given
 * out lead nowhere from then on.
 */
ZSOCK_API void zsock_hosts_clear(void);

ZSOCK_END_DECLS

#endif
