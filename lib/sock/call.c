#include "sock/call_io.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>

#include "base/err.h"
#include "base/kernel.h"
#include "base/profile.h"
#include "sock/fdtable.h"
#include "sock/kinds.h"
#include "sock/names.h"
#include "sock/native.h"
#include "sock/shimmed.h"
#include "sock/tls_sock.h"

/* Zephyr's O_NONBLOCK, for firmware that carries the number itself. */
#define ZEPHYR_O_NONBLOCK 0x4000

/* Puts a new socket in its place; it is gone if there is none. */
static int
install(int place, struct zsock *s)
{
	const int sock = fdtable_install(place, s);

	if (sock < 0)
		sock_put(s);
	return sock;
}

int
call_socket(int family, int type, int proto)
{
	struct zsock *s;
	int place, rc;

	rc = kinds_check_family(family);
	if (rc < 0)
		return rc;
	place = fdtable_reserve();
	if (place < 0)
		return place;
	rc = kinds_open(family, type, proto, &s);
	if (rc < 0) {
		fdtable_cancel(place);
		return rc;
	}
	return install(place, s);
}

int
call_adopt(int kfd, int family, int proto,
    int (*prepare)(struct zsock *s, const void *arg), const void *arg)
{
	struct zsock *s;
	int place, rc;

	if (!fdtable_kernel_numbers())
		return -EINVAL;
	place = kfd < FDTABLE_CAPACITY ? fdtable_reserve() : -ENFILE;
	if (place < 0)
		return place;
	rc = tls_stream_adopt(kfd, family, proto, &s);
	if (rc == 0) {
		rc = prepare(s, arg);
		if (rc < 0) {
			atomic_store(&s->kfd, -1); /* it stays */
			sock_put(s);
		}
	}
	if (rc < 0) {
		fdtable_cancel(place);
		return rc;
	}
	(void)fdtable_install(place, s); /* its number is within the table */
	return 0;
}

int
call_close(int sock)
{
	struct zsock *s = fdtable_remove(sock);
	const int saved = errno;

	if (s == NULL)
		return -EBADF;
	names_end(s, sock);
	errno = saved;
	return 0;
}

int
call_bind(int sock, const struct sockaddr *addr, socklen_t len)
{
	struct zsock *s = fdtable_get(sock);
	const int saved = errno;

	if (s == NULL)
		return -EBADF;
	return (int)call_io_leave(s, saved, s->ops->bind(s, addr, len));
}

int
call_connect(int sock, const struct sockaddr *addr, socklen_t len)
{
	struct zsock *s = fdtable_get(sock);
	const int saved = errno;

	if (s == NULL)
		return -EBADF;
	return (int)call_io_leave(s, saved, s->ops->connect(s, addr, len));
}

int
call_listen(int sock, int backlog)
{
	struct zsock *s = fdtable_get(sock);
	const int saved = errno;

	if (s == NULL)
		return -EBADF;
	return (int)call_io_leave(s, saved, s->ops->listen(s, backlog));
}

/* The thread is cancelled while it waits for a connection. */
static void
give_back(void *place)
{
	fdtable_cancel(*(int *)place);
}

/* A place is reserved first: a full table leaves the connection queued. */
int
call_accept(int sock, struct sockaddr *addr, socklen_t *len)
{
	struct zsock *s = fdtable_get(sock), *child;
	const int saved = errno;
	int place, rc;

	if (s == NULL)
		return -EBADF;
	place = fdtable_reserve();
	if (place < 0) {
		sock_put(s);
		return place;
	}
	pthread_cleanup_push(give_back, &place);
	rc = s->ops->accept(s, &child, addr, len);
	pthread_cleanup_pop(0);
	if (rc < 0)
		fdtable_cancel(place);
	else
		rc = install(place, child) /* 0 is a number, not the end */;
	if (rc < 0)
		return (int)call_io_leave(s, saved, rc);
	sock_put(s);
	errno = saved;
	return rc;
}

int
call_shutdown(int sock, int how)
{
	struct zsock *s = fdtable_get(sock);
	const int saved = errno;

	if (s == NULL)
		return -EBADF;
	return (int)call_io_leave(s, saved, s->ops->shutdown(s, how));
}

ssize_t
call_sendto(int sock, const void *buf, size_t len, int flags,
    const struct sockaddr *addr, socklen_t addrlen)
{
	return call_io_sendto(sock, buf, len, flags, addr, addrlen);
}

ssize_t
call_sendmsg(int sock, const struct msghdr *m, int flags)
{
	struct zsock *s = fdtable_get(sock);
	const int saved = errno;

	if (s == NULL)
		return -EBADF;
	return call_io_leave(s, saved, s->ops->sendmsg(s, m, flags));
}

/* On the older device it depends on where the pointer is used first. */
int
call_sendmsg_null(int sock)
{
	struct zsock *s = fdtable_get(sock);
	int rc = -quirk(QUIRK_SENDMSG_NULL);

	if (s == NULL)
		return -EBADF;
	if (profile_get() == PROFILE_ZEPHYR_3_3)
		rc = -s->ops->no_message;
	sock_put(s);
	return rc;
}

ssize_t
call_recvfrom(int sock, void *buf, size_t len, int flags, struct sockaddr *addr,
    socklen_t *addrlen)
{
	return call_io_recvfrom(sock, buf, len, flags, addr, addrlen);
}

ssize_t
call_recvmsg(int sock, struct msghdr *m, int flags)
{
	struct zsock *s = fdtable_get(sock);
	const int saved = errno;
	ssize_t n = -EOPNOTSUPP;
	int kept = 0;

	if (s == NULL)
		return -EBADF;
	if (quirk(QUIRK_RECVMSG_FLAGS_KEPT) != 0)
		kept = m->msg_flags;
	m->msg_flags = 0;
	if (!s->ops->no_public_recvmsg || shimmed)
		n = s->ops->recvmsg(s, m, flags);
	m->msg_flags |= kept;
	return call_io_leave(s, saved, n);
}

int
call_no_recvmsg(int sock)
{
	struct zsock *s = fdtable_get(sock);
	int rc;

	if (s == NULL)
		return -EBADF;
	rc = s->ops->no_public_recvmsg ? -EOPNOTSUPP : 0;
	sock_put(s);
	return rc;
}

bool
call_uses_address(int sock)
{
	struct zsock *s = fdtable_get(sock);
	bool answer;

	if (s == NULL)
		return false;
	answer = !s->ops->no_address;
	sock_put(s);
	return answer;
}

/* The older device's TCP, which has no use for it, wants the length right. */
bool
call_uses_dest(int sock)
{
	struct zsock *s = fdtable_get(sock);
	bool answer;

	if (s == NULL)
		return false;
	answer = s->ops->poll_out_free ||
	    (s->ops->sent != NULL && quirk(QUIRK_SEND_DEST_SHORT) != 0);
	sock_put(s);
	return answer;
}

/* A kind that looks for a message looks for its buffers as well. */
bool
call_checks_buffer(int sock)
{
	struct zsock *s = fdtable_get(sock);
	bool answer;

	if (s == NULL)
		return false;
	answer = s->ops->no_message == EINVAL;
	sock_put(s);
	return answer;
}

/*
 * Family and port are the first four bytes of every address.  The kernel
 * writes them, so a constant in read-only memory is no crash.
 */
void
call_port_back(int sock, struct sockaddr *addr)
{
	struct zsock *s = fdtable_get(sock);
	socklen_t len = sizeof(sa_family_t) + sizeof(in_port_t);
	const int saved = errno;

	if (s == NULL)
		return;
	if (kernel->getsockname(s->kfd, addr, &len) == -1)
		errno = saved;
	sock_put(s);
}

int
call_getsockname(int sock, struct sockaddr *addr, socklen_t *len)
{
	struct zsock *s = fdtable_get(sock);
	int rc;

	if (s == NULL)
		return -EBADF;
	rc = s->ops->getsockname(s, addr, len);
	sock_put(s);
	return rc;
}

int
call_getpeername(int sock, struct sockaddr *addr, socklen_t *len)
{
	struct zsock *s = fdtable_get(sock);
	int rc;

	if (s == NULL)
		return -EBADF;
	rc = s->ops->getpeername(s, addr, len);
	sock_put(s);
	return rc;
}

int
call_getsockopt(int sock, int level, int name, void *val, socklen_t *len)
{
	struct zsock *s = fdtable_get(sock);
	const int saved = errno;
	int rc;

	if (s == NULL)
		return -EBADF;
	rc = s->ops->getsockopt(s, level, name, val, len);
	sock_put(s);
	if (rc >= 0)
		errno = saved;
	return rc;
}

int
call_setsockopt(int sock, int level, int name, const void *val, socklen_t len)
{
	struct zsock *s = fdtable_get(sock);
	const int saved = errno;
	int rc;

	if (s == NULL)
		return -EBADF;
	rc = s->ops->setsockopt(s, level, name, val, len);
	sock_put(s);
	if (rc >= 0)
		errno = saved;
	return rc;
}

int
call_fcntl(int sock, int cmd, int flags)
{
	struct zsock *s = fdtable_get(sock);
	int rc;

	if (s == NULL)
		return -EBADF;
	/* A copy of the kernel's descriptor would be no socket of ours. */
	if (quirk(QUIRK_FCNTL_GETFL) == 0 && cmd != F_DUPFD &&
	    cmd != F_DUPFD_CLOEXEC) {
		if (cmd == F_SETFL && (flags & ZEPHYR_O_NONBLOCK) != 0)
			flags = (flags & ~ZEPHYR_O_NONBLOCK) | O_NONBLOCK;
		rc = (int)err_from_kernel(kernel->fcntl(s->kfd, cmd, flags));
		goto out;
	}
	switch (cmd) {
	case F_GETFL:
		rc = native_nonblock(s->kfd);
		break;
	case F_SETFL:
		rc = native_set_nonblock(s->kfd,
		    (flags & (O_NONBLOCK | ZEPHYR_O_NONBLOCK)) != 0);
		break;
	default:
		rc = -EOPNOTSUPP;
		break;
	}
out:
	sock_put(s);
	return rc;
}

int
call_ioctl(int sock, unsigned long request, int *value)
{
	struct zsock *s = fdtable_get(sock);
	int rc;

	if (s == NULL)
		return -EBADF;
	rc = s->ops->ioctl(s, request, value);
	sock_put(s);
	return rc;
}
