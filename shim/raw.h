#ifndef SHIM_RAW_H
#define SHIM_RAW_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/select.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>

/*
 * The kernel's calls without libc: -1 and errno on failure.  They are no
 * cancellation points.
 */
long raw_call(long number, long a, long b, long c, long d, long e, long f);

/* Those that not each architecture has, over those that both have. */
int raw_poll(struct pollfd *fds, nfds_t n, int timeout_ms);
int raw_ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
    const sigset_t *mask);
int raw_select(int n, fd_set *r, fd_set *w, fd_set *e, struct timeval *timeout);
int raw_pselect(int n, fd_set *r, fd_set *w, fd_set *e,
    const struct timespec *timeout, const sigset_t *mask);
int raw_dup2(int fd, int to);

/* The process's number, which libc may have a stale idea of. */
pid_t raw_getpid(void);

#endif
