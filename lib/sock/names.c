#include "sock/names.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/kernel.h"
#include "base/kfd.h"
#include "sock/fdtable.h"
#include "sock/shimmed.h"
#include "sock/tls_sock.h"

/* So many numbers below the limit are for hidden descriptors, or a quarter. */
#define FROM_TOP 128

atomic_bool names_hide_some;

/* Only one thread at a time sets sockets apart. */
static pthread_mutex_t parting = PTHREAD_MUTEX_INITIALIZER;

void
names_freeze(void)
{
	pthread_mutex_lock(&parting);
}

void
names_thaw(void)
{
	pthread_mutex_unlock(&parting);
}

/*
 * Out of the program's way, which expects the lowest free number for its own;
 * further down only if there is no room.
 */
static int
copy_high(int kfd)
{
	struct rlimit limit = { .rlim_cur = 0 };
	rlim_t top, margin;
	int high = -1;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		return -errno;
	top = limit.rlim_cur < FDTABLE_CAPACITY ? limit.rlim_cur
	                                        : FDTABLE_CAPACITY;
	margin = top / 4 > FROM_TOP ? top / 4 : FROM_TOP;
	for (; high == -1 && margin < top; margin *= 2)
		high =
		    kernel->fcntl(kfd, F_DUPFD_CLOEXEC, (long)(top - margin));
	if (high == -1)
		high = kernel->fcntl(kfd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return (int)err_from_kernel(high);
}

/* From now on s works on a descriptor that no number shows. */
static int
set_apart(struct zsock *s)
{
	int rc = 0;

	pthread_mutex_lock(&parting);
	if (!atomic_load(&s->apart)) {
		rc = copy_high(s->kfd);
		if (rc >= FDTABLE_CAPACITY) {
			kfd_close(rc);
			rc = -EMFILE;
		}
	}
	if (rc > 0) {
		atomic_store(&names_hide_some, true);
		fdtable_hold(rc);
		atomic_store(&s->kfd, rc);
		atomic_store(&s->apart, true);
		fdtable_set_poll(s,
		    (enum sock_poll)atomic_load(&s->poll_plain));
	}
	pthread_mutex_unlock(&parting);
	return rc < 0 ? rc : 0;
}

/* One more, unless the last one is just being closed. */
static bool
add_name(struct zsock *s)
{
	int n = atomic_load(&s->names);

	do {
		if (n == 0)
			return false;
	} while (!atomic_compare_exchange_weak(&s->names, &n, n + 1));
	return true;
}

/* The number alone. */
static void
drop_number(int n)
{
	fdtable_disown(n);
	kfd_close(n);
}

/* A secure connection never survives exec; a plain one does as it is asked. */
static int
exec_flag(const struct zsock *s, bool cloexec)
{
	const struct zsock_ops *ops = s->ops;

	return cloexec || ops->secure ? O_CLOEXEC : 0;
}

/*
 * The C library has streams for these numbers, which read and write past the
 * shim.  So the kernel must not have the connection there: it has a socket that
 * is nobody's, of which nothing comes and nothing leaves.
 */
static int
put_stand_in(int n)
{
	const int kfd = (int)err_from_kernel(kernel->socket(AF_INET,
	    SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	int rc;

	if (kfd < 0 || kfd == n)
		return kfd;
	rc = (int)err_from_kernel(kernel->dup3(kfd, n, O_CLOEXEC));
	kfd_close(kfd);
	return rc;
}

static bool
needs_stand_in(const struct zsock *s, int n)
{
	const struct zsock_ops *ops = s->ops;

	return ops->secure && n <= STDERR_FILENO;
}

int
names_hide(int sock)
{
	struct zsock *s = fdtable_get(sock);
	int rc = 0;

	if (s == NULL)
		return -EBADF;
	if (needs_stand_in(s, sock)) {
		rc = set_apart(s);
		if (rc == 0)
			rc = put_stand_in(sock);
	}
	sock_put(s);
	return rc < 0 ? rc : 0;
}

/* A descriptor for another number of s; nothing is open after a failure. */
static int
copy_number(const struct zsock *s, int least, bool cloexec)
{
	const int n = (int)err_from_kernel(kernel->fcntl(s->kfd,
	    exec_flag(s, cloexec) != 0 ? F_DUPFD_CLOEXEC : F_DUPFD, least));
	int rc = 0;

	if (n >= FDTABLE_CAPACITY)
		rc = -EMFILE;
	else if (n >= 0 && needs_stand_in(s, n))
		rc = put_stand_in(n);
	if (n < 0 || rc >= 0)
		return n;
	kfd_close(n);
	return rc;
}

int
names_dup(int sock, int least, bool cloexec)
{
	struct zsock *s = fdtable_get(sock); /* the new number's, if all goes */
	int n;

	if (s == NULL)
		return -EBADF;
	n = set_apart(s);
	if (n == 0)
		n = copy_number(s, least, cloexec);
	if (n >= 0 && !add_name(s)) {
		kfd_close(n);
		n = -EBADF;
	}
	if (n < 0)
		sock_put(s);
	else
		fdtable_share(n, s);
	return n;
}

int
names_share(int sock, int n)
{
	struct zsock *s =
	    fdtable_get(sock); /* the other number's, if all goes */
	int rc;

	if (s == NULL)
		return -EBADF;
	rc = n < 0 ? -EBADF : n >= FDTABLE_CAPACITY ? -EMFILE : set_apart(s);
	if (rc == 0 && needs_stand_in(s, n))
		rc = put_stand_in(n);
	if (rc >= 0 && !add_name(s))
		rc = -EBADF;
	if (rc < 0)
		sock_put(s);
	else
		fdtable_share(n, s);
	return rc < 0 ? rc : 0;
}

/* The last number is gone. */
static void
end_socket(struct zsock *s)
{
	atomic_store(&s->closing, true);
	s->ops->farewell(s);
	/*
	 * Shutting the kernel socket down wakes whoever sleeps in it.  Only
	 * then is it done: after a fork it would cut the other process's line
	 * as well.
	 */
	if (atomic_load(&s->refs) > 1)
		(void)kernel->shutdown(s->kfd,
		    SHUT_RDWR); /* may be unconnected */
}

void
names_end(struct zsock *s, int sock)
{
	const bool last = atomic_fetch_sub(&s->names, 1) <= 1;

	/* The number is free at once, whoever is still in a call. */
	if (last && shimmed && atomic_load(&s->refs) > 1)
		(void)set_apart(s); /* else when they have left */
	if (last)
		end_socket(s);
	if (!last || atomic_load(&s->apart))
		drop_number(sock);
	sock_put(s);
}

int
names_vacate(int to)
{
	struct zsock *s = fdtable_get(to);
	int rc;

	if (s == NULL)
		return 0;
	rc = set_apart(s);
	if (rc < 0 || fdtable_remove(to) != s) {
		sock_put(s);
		return rc;
	}
	sock_put(s); /* the table's is this call's now */
	fdtable_disown(to);
	if (atomic_fetch_sub(&s->names, 1) == 1)
		end_socket(s);
	sock_put(s);
	return 0;
}

int
names_dup_onto(int sock, int to, bool cloexec)
{
	struct zsock *s = fdtable_get(sock); /* the number's, if all goes */
	int rc;

	if (s == NULL)
		return -EBADF;
	rc = to < 0 || to >= FDTABLE_CAPACITY ? -EBADF : set_apart(s);
	if (rc == 0)
		rc = names_vacate(to);
	if (rc == 0)
		rc = needs_stand_in(s, to)
		    ? put_stand_in(to)
		    : (int)err_from_kernel(
		          kernel->dup3(s->kfd, to, exec_flag(s, cloexec)));
	if (rc >= 0 && !add_name(s)) {
		drop_number(to);
		rc = -EBADF;
	}
	if (rc < 0)
		sock_put(s);
	else
		fdtable_share(to, s);
	return rc;
}

void
names_lose(struct zsock *s, int sock)
{
	fdtable_disown(sock);
	if (atomic_fetch_sub(&s->names, 1) > 1)
		return;
	atomic_store(&s->closing, true);
	if (!atomic_load(&s->apart))
		atomic_store(&s->kfd, -1);
}

void
names_forget(int sock)
{
	struct zsock *s = fdtable_remove(sock);

	if (s == NULL)
		return;
	names_lose(s, sock);
	sock_put(s);
}

void
names_forsake(struct zsock *s)
{
	struct tls_sock *t = tls_sock_from(s);

	if (t != NULL)
		tls_sock_forsake(t);
	sock_put(s);
	sock_put(s);
}
