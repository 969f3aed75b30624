#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <errno.h>
#include <sys/types.h>

/*
 * The conversions between error worlds, each in one place.  Inside the library
 * a result is >= 0 or -errno; the public edge turns it into -1 and errno.
 */

/* The edge: sets errno only on failure. */
static inline ssize_t
err_edge(ssize_t rc)
{
	if (rc >= 0)
		return rc;
	errno = (int)-rc;
	return -1;
}

/* A libc result (-1 and errno) as the library's. */
static inline ssize_t
err_from_kernel(ssize_t rc)
{
	return rc == -1 ? -errno : rc;
}

/*
 * A failed socket() or accept(): a full descriptor table is ENFILE, whichever
 * of the two tables (the process's or the system's) it was, as on the device.
 */
int err_from_open(int rc);

/* "EINVAL" for EINVAL, for the log; a static string. */
const char *err_name(int error);

#endif
