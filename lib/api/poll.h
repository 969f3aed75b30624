#ifndef API_POLL_H
#define API_POLL_H

#include <poll.h>
#include <stdbool.h>
#include <sys/select.h>
#include <sys/time.h>

/* Any of the three may be NULL. */
struct poll_sets {
	fd_set *r, *w, *e;
};

/*
 * select over the bits below nbits of each set, and on the device over all the
 * others that stand for sockets, too, whatever nbits is.  With foreign_ok the descriptors of
 * others are taken as well; POSIX's rules fill the sets for these, the
 * profile's for sockets.  Returns the number of bits set, or a negative errno:
 * -EBADF, -EINVAL, -ENOMEM, -EINTR.
 */
int poll_select(int nbits, struct poll_sets sets, struct timeval *timeout,
    bool foreign_ok);

/* A time limit of select in milliseconds, rounded up; -1 for none. */
int poll_select_ms(const struct timeval *tv);

/* poll, with the descriptors of others or without; the same, or -EFAULT. */
int poll_array(struct pollfd *fds, nfds_t n, int timeout_ms, bool foreign_ok);

#endif
