#ifndef API_POLL_H
#define API_POLL_H

#include <stdbool.h>
#include <sys/select.h>
#include <sys/time.h>

/* Any of the three may be NULL. */
struct poll_sets {
	fd_set *r, *w, *e;
};

/*
 * select over the bits below nbits of each set.  With posix the descriptors of
 * others are taken too, and POSIX's rules fill the sets; else the profile's.
 * Returns the number of bits set, or a negative errno: -EBADF, -EINVAL,
 * -ENOMEM, -EINTR.
 */
int poll_select(int nbits, struct poll_sets sets, const struct timeval *timeout,
    bool posix);

#endif
