#include "shim/core/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <string.h>

#include "base/config.h"
#include "base/err.h"
#include "base/hosts.h"
#include "base/kernel.h"
#include "base/kfd.h"
#include "base/log.h"
#include "base/profile.h"
#include "shim/core/marks.h"
#include "shim/core/passage.h"
#include "sock/call.h"
#include "sock/fdtable.h"
#include "sock/kinds.h"
#include "sock/names.h"
#include "sock/native.h"
#include "sock/tls_names.h"

#define FLAGS (SOCK_NONBLOCK | SOCK_CLOEXEC)

/*
 * A new number, with the flags that libc's call had.  ZSOCK_FD_BASE moves it,
 * as it does a linked program's.
 */
static int
finish(int fd, int flags)
{
	const int base = config_get()->fd_base;
	int moved;

	if (fd < 0)
		return fd;
	if (fd < base) {
		moved = (int)err_from_kernel(
		    kernel->fcntl(fd, F_DUPFD_CLOEXEC, base));
		if (moved >= FDTABLE_CAPACITY) {
			kfd_close(moved);
			moved = -EMFILE;
		}
		if (moved < 0) {
			(void)call_close(fd);
			return moved;
		}
		fdtable_move(fd, moved);
		fd = moved;
	}
	if ((flags & SOCK_NONBLOCK) != 0)
		(void)native_set_nonblock(fd, true); /* it has just been made */
	moved = names_hide(fd);
	if (moved < 0) {
		(void)call_close(fd);
		return moved;
	}
	marks_set(fd, (flags & SOCK_CLOEXEC) != 0);
	return fd;
}

/* A device knows no flags: they are the host's, whatever the profile is. */
static int
do_socket(int family, int type, int proto)
{
	return finish(call_socket(family, type & ~FLAGS, proto), type & FLAGS);
}

int
calls_socket(int family, int type, int proto)
{
	struct passage p;
	ssize_t rc;

	if (!passage_enter(&p, -1))
		return passage_refuse();
	pthread_cleanup_push(passage_forsake, &p);
	rc = do_socket(family, type, proto);
	pthread_cleanup_pop(0);
	return (int)passage_leave(&p, rc);
}

/* What a rule says. */
struct wanted {
	const int *tags;
	size_t ntags;
	const char *hostname;
	bool server;
};

static int
apply_rule(struct zsock *s, const void *arg)
{
	const struct wanted *w = arg;
	int rc;

	rc = s->ops->setsockopt(s, TLS_LEVEL, TLS_NAME_SEC_TAG_LIST, w->tags,
	    (socklen_t)(w->ntags * sizeof(*w->tags)));
	if (rc == 0 && !w->server)
		rc = s->ops->setsockopt(s, TLS_LEVEL, TLS_NAME_HOSTNAME,
		    w->hostname,
		    w->hostname != NULL ? (socklen_t)strlen(w->hostname) + 1
		                        : 0);
	return rc;
}

/*
 * The numbers that stood for plain, which fd was, stand for what fd is now.
 * 0 or negative: then some are nobody's.
 */
static int
take_along(struct zsock *plain, int fd)
{
	int rc = 0;

	for (int n = 0; n < FDTABLE_CAPACITY; n++) {
		const bool cloexec = marks_cloexec(n);
		int shared;

		if (fdtable_peek(n) != plain)
			continue;
		names_forget(n);
		shared = names_share(fd, n);
		if (shared == 0)
			marks_set(n, cloexec);
		else
			rc = shared;
	}
	return rc;
}

static int
get_int(int fd, int level, int name, int *value)
{
	socklen_t len = sizeof(*value);

	return (int)err_from_kernel(
	    kernel->getsockopt(fd, level, name, value, &len));
}

/*
 * What a secure socket refuses may have been asked for before.  A listener may
 * be another process's as well, which has marked it.
 */
static int
check_plain(int fd, bool server)
{
	const int flags = (int)err_from_kernel(kernel->fcntl(fd, F_GETFL, 0));
	const int mark = (int)err_from_kernel(kernel->fcntl(fd, F_GETSIG, 0));
	char ulp[16] = "";
	socklen_t len = sizeof(ulp);

	if (flags < 0 || mark < 0)
		return flags < 0 ? flags : mark;
	if ((flags & O_ASYNC) == 0 &&
	    (mark == 0 || mark == CORE_PLAIN ||
	        (server && mark == CORE_SECURE)) &&
	    (kernel->getsockopt(fd, IPPROTO_TCP, TCP_ULP, ulp, &len) == -1 ||
	        len == 0))
		return 0;
	log_line(LOG_WARN,
	    "descriptor %d: O_ASYNC, F_SETSIG or TCP_ULP is set, which a "
	    "secure socket cannot have: EINVAL",
	    fd);
	return -EINVAL;
}

/* What was set before is the secure socket's, and no longer the kernel's. */
static int
move_settings(int fd)
{
	const int one = 1, none = -1, off = 0;
	int lowat = 1;

	if (get_int(fd, SOL_SOCKET, SO_RCVLOWAT, &lowat) == 0 && lowat != 1) {
		(void)call_setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &lowat,
		    sizeof(lowat)); /* an int it is */
		(void)kernel->setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &one,
		    sizeof(one));
	}
	/* They are off already if the kernel does not have them. */
	(void)kernel->setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &none,
	    sizeof(none));
	(void)kernel->setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &off,
	    sizeof(off));
	return names_hide(fd);
}

static int
do_adopt(int fd, const struct wanted *wanted)
{
	const int flags = (int)err_from_kernel(kernel->fcntl(fd, F_GETFD, 0));
	int family = 0, rc;

	rc = flags < 0 ? flags : check_plain(fd, wanted->server);
	if (rc == 0)
		rc = get_int(fd, SOL_SOCKET, SO_DOMAIN, &family);
	if (rc < 0)
		return rc;
	/* Another thread that finds it in the table finds the mark as well. */
	(void)kernel->fcntl(fd, F_SETSIG, CORE_SECURE);
	rc = call_adopt(fd, family, KINDS_TLS_1_2, apply_rule, wanted);
	if (rc == 0) {
		rc = move_settings(fd);
		if (rc < 0)
			names_forget(fd);
	}
	if (rc < 0)
		(void)kernel->fcntl(fd, F_SETSIG, 0);
	else
		marks_set(fd, (flags & FD_CLOEXEC) != 0);
	return rc;
}

/* fd may be a plain one of the core's, of a program with limits. */
static int
adopt_any(int fd, const struct wanted *wanted)
{
	struct zsock *plain = fdtable_get(fd);
	int rc;

	if (plain != NULL)
		names_forget(fd);
	rc = do_adopt(fd, wanted);
	if (plain != NULL) {
		if (rc == 0 && atomic_load(&plain->names) > 0)
			rc = take_along(plain, fd);
		sock_put(plain);
	}
	return rc;
}

int
calls_adopt(int fd, const int *tags, size_t ntags, const char *hostname,
    bool server)
{
	const struct wanted wanted = { tags, ntags, hostname, server };
	struct passage p;

	if (!passage_enter(&p, -1))
		return passage_refuse();
	return (int)passage_leave(&p, adopt_any(fd, &wanted));
}

/* Names and redirections of the program's own come first. */
static int
do_connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	struct sockaddr_storage to;
	int rc;

	if (addr == NULL || len > sizeof(to))
		return call_connect(fd, addr, len);
	memcpy(&to, addr, len);
	rc = hosts_redirect(&to, &len);
	return rc < 0 ? rc
	              : call_connect(fd, (const struct sockaddr *)&to, len);
}

static int
do_accept(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	if ((flags & ~FLAGS) != 0)
		return -EINVAL;
	return finish(call_accept(fd, addr, len), flags);
}

/* SOL_TLS of a plain socket is the kernel's own TLS. */
static bool
is_kernels_tls(const struct zsock *s, int level)
{
	const struct zsock_ops *ops = s->ops;

	return level == TLS_LEVEL && !ops->secure &&
	    profile_get() == PROFILE_LINUX;
}

static int
do_getsockopt(const struct zsock *s, int fd, int level, int name, void *val,
    socklen_t *len)
{
	if (s != NULL && is_kernels_tls(s, level))
		return (int)err_from_kernel(
		    kernel->getsockopt(s->kfd, level, name, val, len));
	return call_getsockopt(fd, level, name, val, len);
}

static int
do_setsockopt(const struct zsock *s, int fd, int level, int name,
    const void *val, socklen_t len)
{
	if (s != NULL && is_kernels_tls(s, level))
		return (int)err_from_kernel(
		    kernel->setsockopt(s->kfd, level, name, val, len));
	return call_setsockopt(fd, level, name, val, len);
}

#define CALL(name, params, answer) \
	PASSAGE_CALL(int, name, params, answer, passage_leave(&p, rc))

CALL(bind, (int fd, const struct sockaddr *addr, socklen_t len),
    call_bind(fd, addr, len))
CALL(connect, (int fd, const struct sockaddr *addr, socklen_t len),
    do_connect(fd, addr, len))
CALL(listen, (int fd, int backlog), call_listen(fd, backlog))
CALL(accept, (int fd, struct sockaddr *addr, socklen_t *len),
    do_accept(fd, addr, len, 0))
CALL(accept4, (int fd, struct sockaddr *addr, socklen_t *len, int flags),
    do_accept(fd, addr, len, flags))
CALL(shutdown, (int fd, int how), call_shutdown(fd, how))
CALL(getsockname, (int fd, struct sockaddr *addr, socklen_t *len),
    call_getsockname(fd, addr, len))
CALL(getpeername, (int fd, struct sockaddr *addr, socklen_t *len),
    call_getpeername(fd, addr, len))
CALL(getsockopt, (int fd, int level, int name, void *val, socklen_t *len),
    do_getsockopt(p.s, fd, level, name, val, len))
CALL(setsockopt, (int fd, int level, int name, const void *val, socklen_t len),
    do_setsockopt(p.s, fd, level, name, val, len))
