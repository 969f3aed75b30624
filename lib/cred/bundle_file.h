#ifndef CRED_BUNDLE_FILE_H
#define CRED_BUNDLE_FILE_H

#include "cred/buf.h"
#include "cred/bundle.h"
#include "cred/op.h"

/*
 * Bundles on disk: one text file, or a directory of files of one credential
 * each, TAG-TYPE.EXT; zsock-credentials(5).
 */
struct bundle_file {
	bool dir;
	char *text; /* of a file; NULL for a directory */
	size_t len;
	struct bundle bundle;
	unsigned mode; /* permission bits of the file */
};

/* Why not, as a whole sentence that begins with the path, and the line. */
struct bundle_file_error {
	char text[512];
};

/*
 * Reads path, or the open descriptor fd, which stays open and of which name is
 * said in errors.  At most BUNDLE_SIZE_MAX bytes are read, without blocking on
 * what is no regular file (an fd may be a pipe).  Returns 0, or, with a sentence
 * in e and nothing in out
 *   -EINVAL   it is no bundle, or neither a file nor a directory
 *   -EFBIG    it is too large
 *   -EPERM    its owner or mode is wrong: the sentence has the cures
 *   -ENOENT, -EACCES, ...  it cannot be opened or read
 *   -ENOMEM
 */
int bundle_file_read(const char *path, struct bundle_file *out,
    struct bundle_file_error *e);
int bundle_file_read_fd(int fd, const char *name, struct bundle_file *out,
    struct bundle_file_error *e);

/* Wipes and frees what a read has made. */
void bundle_file_fini(struct bundle_file *f);

/*
 * Makes the new text of a file out of the old, in a buf that is empty and that
 * the update wipes and frees.  Returns 0, 1 for no change, or a negative errno,
 * which the update returns as it is.  It is called again, if somebody else has
 * made the file before this one could.
 */
typedef int bundle_file_change(void *arg, const struct bundle_file *old,
    struct buf *out);

/*
 * Changes a file under its lock, so that of several writers none loses what
 * another wrote, and at one moment: whoever reads finds it whole, old or new,
 * also if this process or the machine stops meanwhile.  A file that is not there
 * is made (old then has no text), with mode 0600; one that is there gets that, or
 * 0644 if it has "Test-Only: yes" and was readable by others, and nothing that it
 * had not.  A symbolic link stays, its target is replaced; but one that others may
 * have put there is not followed, and a file of several names is not changed
 * (-EPERM).  A temporary file that a killed writer has left is removed.
 *
 * Returns as bundle_file_read, or what change returned, or the errno of a
 * failed write, or -ETIMEDOUT if one writer, or a reader, has held the lock for
 * bundle_lock_ms; the file is then as it was.  e has a sentence, or is empty if
 * change failed.
 */
int bundle_file_update(const char *path, bundle_file_change *change, void *arg,
    struct bundle_file_error *e);

/*
 * Looks at what a directory holds, under its lock and before anything is done.
 * Returns 0, or a negative errno, which the update returns as it is.
 */
typedef int bundle_file_check(void *arg, const struct bundle *held);

struct bundle_file_dir_change {
	const struct cred_op *ops;
	size_t n;
	bundle_file_check *check; /* may be NULL */
	void *arg;
};

/*
 * The same for a directory: each credential of it is a file, written under the
 * directory's lock through a temporary name, with mode 0600, or that of the file
 * it replaces if it is no secret.  Nothing is done if it is known that not all
 * can be; but what is done is not one moment, and after a failed write a part of
 * it may be there.  A file behind a symbolic link is not changed (-EINVAL).
 */
int bundle_file_update_dir(const char *path,
    const struct bundle_file_dir_change *c, struct bundle_file_error *e);

#endif
