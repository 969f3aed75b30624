#ifndef CRED_BUNDLE_FOLLOW_H
#define CRED_BUNDLE_FOLLOW_H

#include "cred/bundle_file.h"

/*
 * The place that a path leads to in the end, there or not: the path without a
 * symbolic link at its end, which the caller frees.  A link that anybody could
 * have put there is not followed: -EPERM.  Returns 0, or, and said, the errno.
 */
int bundle_follow(const char *path, char **place, struct bundle_file_error *e);

/* How much of a path is its directory, with the slash. */
size_t bundle_follow_dir_len(const char *path);

#endif
