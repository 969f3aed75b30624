#ifndef CRED_BUNDLE_DISK_H
#define CRED_BUNDLE_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#include "cred/buf.h"
#include "cred/bundle_file.h"

/* What reading and writing of bundles on disk have in common. */

/* Says why not: "path: text".  Returns rc; format may have %m for it. */
int bundle_disk_fail(struct bundle_file_error *e, int rc, const char *path,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/*
 * The same of a write: "path: text: reason".  A file that would be larger than a
 * limit of the process is -EIO, for -EFBIG is one that a bundle cannot be.
 */
int bundle_disk_fail_write(struct bundle_file_error *e, int rc,
    const char *path, const char *text);

/* The same of a text that bundle_parse refused: "path:line: text". */
int bundle_disk_fail_parse(struct bundle_file_error *e, int rc,
    const char *path, const struct bundle_error *why);

/*
 * Opens name of dirfd, said to be path, which is a file or a directory; it waits
 * for nothing.  Returns the descriptor; or, and said, the errno, or -EINVAL if it
 * is something else.
 */
int bundle_disk_open(int dirfd, const char *name, const char *path,
    struct bundle_file_error *e);

/* Can users write to it who are neither its owner nor of a group of his own? */
bool bundle_disk_is_shared(const struct stat *st);

/*
 * May the text be believed?  Its owner must be the user or root, and nobody else
 * may be able to change it.  -EPERM, and said, if not.
 */
int bundle_disk_check_writers(const struct stat *st, const char *path,
    struct bundle_file_error *e);

/*
 * -EPERM, and said, if others can read a file with keys in it; cure is what else
 * may be done about it than a chmod, or "".
 */
int bundle_disk_check_readers(const struct stat *st, const char *cure,
    const char *path, struct bundle_file_error *e);

/*
 * -EPERM, and said, if the file has several names (hard links): a change would
 * reach one of them alone.
 */
int bundle_disk_check_names(const struct stat *st, const char *path,
    struct bundle_file_error *e);

/* Private and pre-shared keys; the rest is public. */
bool bundle_disk_is_secret(int type);
/* Has a value, of whatever type, a private key in PEM? */
bool bundle_disk_has_key(const void *data, size_t len);

/*
 * All of a file, of which size is known, or 0, in a new buf.  -EFBIG: it has more
 * than max bytes; max + 1 are read at most.
 */
int bundle_disk_read(int fd, size_t size, size_t max, struct buf *out);

#endif
