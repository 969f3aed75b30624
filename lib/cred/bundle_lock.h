#ifndef CRED_BUNDLE_LOCK_H
#define CRED_BUNDLE_LOCK_H

#include "base/deadline.h"
#include "cred/bundle_file.h"

/* How long a writer waits for a lock, in milliseconds; 10,000 at first. */
extern int bundle_lock_ms;

/*
 * Locks fd (flock), alone, before the deadline.  Returns 0, -ETIMEDOUT if others
 * have held it all the time, or another errno.
 */
int bundle_lock(int fd, struct deadline until);

/* Says of path that its lock could not be had in bundle_lock_ms. */
int bundle_lock_fail(struct bundle_file_error *e, const char *path);

#endif
