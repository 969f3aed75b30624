#include "shim/raw.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>

#define MASK_BYTES 8 /* of a set of signals, to the kernel */

#if defined(__x86_64__)
static long
trap(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long rc;

	__asm__ volatile("syscall"
	                 : "=a"(rc)
	                 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10),
	                 "r"(r8), "r"(r9)
	                 : "rcx", "r11", "memory");
	return rc;
}
#elif defined(__aarch64__)
static long
trap(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc #0"
	                 : "+r"(x0)
	                 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
	                 : "memory");
	return x0;
}
#else
#error "the preload library knows x86-64 and arm64"
#endif

long
raw_call(long number, long a, long b, long c, long d, long e, long f)
{
	const long rc = trap(number, a, b, c, d, e, f);

	if (rc < 0 && rc > -4096) {
		errno = (int)-rc;
		return -1;
	}
	return rc;
}

pid_t
raw_getpid(void)
{
	return (pid_t)trap(SYS_getpid, 0, 0, 0, 0, 0, 0);
}

int
raw_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
    const sigset_t *mask)
{
	struct timespec left;

	/* The kernel says what is left; the caller's is constant. */
	if (timeout != NULL)
		left = *timeout;
	return (int)raw_call(SYS_ppoll, (long)fds, (long)n,
	    (long)(timeout != NULL ? &left : NULL), (long)mask, MASK_BYTES, 0);
}

int
raw_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	const struct timespec timeout = { timeout_ms / 1000,
		timeout_ms % 1000 * 1000000L };

	return raw_ppoll(fds, n, timeout_ms < 0 ? NULL : &timeout, NULL);
}

int
raw_pselect(int n, fd_set *r, fd_set *w, fd_set *e,
    const struct timespec *timeout, const sigset_t *mask)
{
	const long sixth[2] = { (long)mask, MASK_BYTES };
	struct timespec left;

	if (timeout != NULL)
		left = *timeout;
	return (int)raw_call(SYS_pselect6, n, (long)r, (long)w, (long)e,
	    (long)(timeout != NULL ? &left : NULL), (long)sixth);
}

int
raw_select(int n, fd_set *r, fd_set *w, fd_set *e, struct timeval *timeout)
{
	struct timespec left = { 0 };
	int rc;

	if (timeout != NULL) {
		left.tv_sec = timeout->tv_sec + timeout->tv_usec / 1000000;
		left.tv_nsec = timeout->tv_usec % 1000000 * 1000;
	}
	rc = (int)raw_call(SYS_pselect6, n, (long)r, (long)w, (long)e,
	    (long)(timeout != NULL ? &left : NULL), 0);
	if (timeout != NULL) {
		timeout->tv_sec = left.tv_sec;
		timeout->tv_usec = left.tv_nsec / 1000;
	}
	return rc;
}

int
raw_dup2(int fd, int to)
{
	if (fd != to)
		return (int)raw_call(SYS_dup3, fd, to, 0, 0, 0, 0);
	if (raw_call(SYS_fcntl, fd, F_GETFD, 0, 0, 0, 0) == -1)
		return -1;
	return to;
}
