#ifndef SHIM_CORE_H
#define SHIM_CORE_H

#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

struct kernel;
struct resolver;

/*
 * The boundary between the two halves of the preload library.
 *
 * libzsock-preload.so is in every program that runs under zsock-run.  It needs
 * nothing but libc, and knows one thing about a descriptor: is it the core's?
 * libzsock-core.so is the library itself with an OpenSSL of its own, of which
 * nothing is visible to the program.  It is loaded when the first socket is
 * made that is not plain, and never unloaded.
 *
 * All calls of the core have libc's conventions, -1 and errno, and leave errno
 * alone when they succeed.  A descriptor that is the core's is the kernel's own
 * number of the connection; the kernel's poll and epoll are right about it.
 */

#define CORE_ENTRY "zsock_core_start"
#define CORE_ABI 2

/*
 * What F_GETSIG says of a descriptor that is the core's: signals of glibc's own,
 * which no program can ask for.
 */
#define CORE_PLAIN 32
#define CORE_SECURE 33

/* Log levels, as base/log.h has them. */
enum core_log {
	CORE_LOG_ERROR = 1,
	CORE_LOG_WARN,
	CORE_LOG_INFO,
	CORE_LOG_DEBUG
};

/* What the shim gives the core. */
struct core_host {
	int abi; /* CORE_ABI */
	/* libc's originals, past the shim. */
	const struct kernel *kernel;
	const struct resolver *resolver;
	/*
	 * What the environment had of the library's variables at the start,
	 * NAME=VALUE and a NULL behind them: they count, whatever the program
	 * has done to it since, and stay.
	 */
	const char *const *variables;
};

struct core {
	/*
	 * One place a descriptor: not NULL is the core's.  Read without a lock.
	 */
	const _Atomic(void *) *slots;
	size_t nslots;

	/* The rows of wrapped.def, for descriptors that are the core's. */
#define WRAP(ret, name, params, args) ret(*name) params;
#include "shim/wrapped.def"
#undef WRAP

	/*
	 * socket(2) of a TLS or DTLS protocol number, or, where the profile is
	 * a device's or limits are in force, of any internet socket.  SOCK_
	 * flags of type are honoured.
	 */
	int (*socket)(int family, int type, int proto);

	/*
	 * Makes fd, a stream socket of the kernel's that is not the core's, a
	 * secure one with these tags, before connect (server false) or listen
	 * (server true).  hostname is what the certificate must be for, or NULL
	 * for any name.  0, or -1 and errno, and then fd is as it was.
	 */
	int (*adopt)(int fd, const int *tags, size_t ntags,
	    const char *hostname, bool server);

	/*
	 * copy, which is not the core's, stands for the same socket of the
	 * kernel's as fd, which adopt has just taken: it is the core's as well,
	 * as if dup had made it.  0, or -1 and errno.
	 */
	int (*adopt_copy)(int fd, int copy);
	int (*connect)(int fd, const struct sockaddr *addr, socklen_t len);
	int (*listen)(int fd, int backlog);

	/* Closes fd, whose number is free afterwards whatever is answered. */
	int (*close)(int fd);

	/*
	 * The same for a number that another file is about to be put over by
	 * dup2: the kernel's descriptor stays until then.
	 */
	int (*vacate)(int fd);

	/*
	 * The number has been closed behind the shim's back, and may be another
	 * file's: the core drops what it knows of it and does not touch it.
	 */
	void (*forget)(int fd);

	/*
	 * fcntl: F_DUPFD and F_DUPFD_CLOEXEC share the connection; F_GETFD and
	 * F_SETFD are the program's flag, which the kernel's is not; F_GETSIG
	 * and F_SETSIG answer as if the core did not use them.
	 */
	int (*fcntl)(int fd, int cmd, long arg);
	int (*ioctl)(int fd, unsigned long request, void *arg);

	/*
	 * dup3(2) from a descriptor that is the core's; to == fd is the
	 * caller's affair.  to may be the core's as well.  flags: O_CLOEXEC.
	 */
	int (*dup3)(int fd, int to, int flags);

	/*
	 * Of the numbers from first to last: is one the core's own, which no
	 * call of the program may close?  The lowest such, or -1.
	 */
	int (*hidden)(unsigned int first, unsigned int last);

	/* Has there ever been such a number? */
	const atomic_bool *hides;

	/* A wait in which at least one descriptor is the core's; others mix. */
	int (*ppoll)(struct pollfd *fds, nfds_t n,
	    const struct timespec *timeout, const sigset_t *mask);

	/* The lookups, where hosts are redirected or the profile a device's. */
	int (*getaddrinfo)(const char *host, const char *service,
	    const struct addrinfo *hints, struct addrinfo **res);
	void (*freeaddrinfo)(struct addrinfo *list);
	int (*getnameinfo)(const struct sockaddr *addr, socklen_t len,
	    char *host, socklen_t hostlen, char *serv, socklen_t servlen,
	    int flags);

	/*
	 * Will a successful exec close fd although the program has not asked
	 * for it?  That is: a secure connection, without the program's
	 * FD_CLOEXEC.
	 */
	bool (*withheld)(int fd);

	/* Is fd a secure connection or listener, and not a plain one? */
	bool (*secure)(int fd);

	/* A line of the log, in one write, without a newline. */
	void (*log)(enum core_log level, const char *text);
};

/* NULL: the two halves are not of one build. */
typedef const struct core *core_start(const struct core_host *host);

#endif
