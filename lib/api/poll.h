#ifndef API_POLL_H
#define API_POLL_H

#include <stdbool.h>
#include <sys/select.h>
#include <sys/time.h>

/*
 * select over the bits below nbits of each set.  With posix the descriptors of
 * others are taken too, and POSIX's rules fill the sets; else the device's.
 * Returns the number of bits set, or a negative errno: -EBADF, -EINVAL,
 * -ENOMEM.
 */
int poll_select(int nbits, fd_set *r, fd_set *w, fd_set *e,
    const struct timeval *timeout, bool posix);

#endif
