#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "cred/bundle_disk.h"
#include "cred/bundle_file.h"
#include "cred/bundle_follow.h"
#include "cred/bundle_lock.h"
#include "cred/bundle_save.h"

/*
 * Writers lock the file itself, so that no lock file is left behind, and nobody
 * holds the lock who may not even read it.  The file that takes its place is
 * locked by its writer, too: whoever has waited for the old one sees that the
 * name leads elsewhere by now, and begins again with the new.  What is not there
 * cannot be locked: of several that make it one is the first to give it its
 * name, which the kernel decides, and the others begin again with what that one
 * wrote.
 */

/* The file that a path leads to in the end, there or not. */
struct target {
	const char *path; /* as it was given, for messages */
	char *place;      /* the same without a link at its end */
	const char *name; /* the end of place */
	int dirfd;
	int fd; /* locked; negative: it is not there */
};

static int
target_find(const char *path, struct target *t, struct bundle_file_error *e)
{
	int rc;

	*t = (struct target){ .path = path, .dirfd = -1, .fd = -1 };
	rc = bundle_follow(path, &t->place, e);
	if (rc < 0)
		return rc;
	t->name = t->place + bundle_follow_dir_len(t->place);
	if (*path == '\0')
		return bundle_disk_fail(e, -ENOENT, path, "%m");
	if (*t->name == '\0' || strcmp(t->name, ".") == 0 ||
	    strcmp(t->name, "..") == 0)
		return bundle_disk_fail(e, -EISDIR, path, "%m");
	t->dirfd = files_open_dir(t->place, (size_t)(t->name - t->place));
	return t->dirfd < 0 ? bundle_disk_fail(e, t->dirfd, path, "%m") : 0;
}

static void
target_fini(struct target *t)
{
	free(t->place);
	if (t->dirfd >= 0)
		close(t->dirfd);
	if (t->fd >= 0)
		close(t->fd);
	*t = (struct target){ .dirfd = -1, .fd = -1 };
}

/* Over NFS only who could write to a file may lock it. */
static int
open_old(const struct target *t)
{
	const int flags = O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY;
	int fd = openat(t->dirfd, t->name, O_RDWR | flags);

	if (fd < 0 && (errno == EACCES || errno == ETXTBSY))
		fd = openat(t->dirfd, t->name, O_RDONLY | flags);
	return fd >= 0 ? fd : -errno;
}

/* 1 if the name leads elsewhere by now. */
static int
check_name(const struct target *t)
{
	struct stat locked, named;

	if (fstat(t->fd, &locked) < 0)
		return -errno;
	if (fstatat(t->dirfd, t->name, &named, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 1 : -errno;
	return named.st_dev != locked.st_dev || named.st_ino != locked.st_ino;
}

/* 1: begin again. */
static int
target_lock(struct target *t)
{
	struct stat st;
	int rc;

	t->fd = open_old(t);
	if (t->fd == -ENOENT)
		return 0;
	if (t->fd < 0) /* ELOOP: it is a link by now */
		return t->fd == -ELOOP ? 1 : t->fd;
	if (fstat(t->fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENXIO;
	/* For each anew: what has another file by now is not stuck. */
	rc = bundle_lock(t->fd, deadline_in_ms(bundle_lock_ms));
	return rc < 0 ? rc : check_name(t);
}

static int
target_open(const char *path, struct target *t, struct bundle_file_error *e)
{
	int rc;

	do {
		rc = target_find(path, t, e);
		if (rc < 0) {
			target_fini(t);
			return rc;
		}
		rc = target_lock(t);
		if (rc != 0)
			target_fini(t);
	} while (rc > 0);
	if (rc == -ENXIO)
		return bundle_disk_fail(e, -EINVAL, path, "no regular file");
	if (rc == -ETIMEDOUT)
		return bundle_lock_fail(e, path);
	if (rc < 0)
		(void)bundle_disk_fail(e, rc, path, "%m"); /* it returns rc */
	return rc;
}

/*
 * The new text goes to one name, and the others keep the old one.  That of a
 * dead writer is none of them: it is swept by now.
 */
static int
check_names(const struct target *t, struct bundle_file_error *e)
{
	struct stat st;

	if (fstat(t->fd, &st) < 0)
		return bundle_disk_fail(e, -errno, t->path, "%m");
	return bundle_disk_check_names(&st, t->path, e);
}

/* Never wider than it was; readable by others only on the file's own word. */
static mode_t
new_mode(const struct target *t, const struct bundle_file *old, bool test_only)
{
	if (t->fd < 0)
		return 0600;
	return old->mode &
	    (test_only && (old->mode & (S_IRGRP | S_IROTH)) != 0 ? 0644 : 0600);
}

static int
check_new(const char *path, const struct buf *text, bool *test_only,
    struct bundle_file_error *e)
{
	struct bundle_error why;
	struct bundle b;
	int rc;

	rc = bundle_parse((const char *)text->data, text->len, &b, &why);
	if (rc == -ENOMEM)
		return bundle_disk_fail(e, rc, path, "%m");
	if (rc < 0)
		return bundle_disk_fail(e, rc, path,
		    "it stays as it is, for the new text is no bundle: line "
		    "%d: %s",
		    why.line, why.text);
	*test_only = b.test_only;
	bundle_fini(&b);
	return 0;
}

/* 1: somebody else has made the file meanwhile. */
static int
save(const struct target *t, const struct bundle_file *old,
    const struct buf *text, struct bundle_file_error *e)
{
	bool test_only = false;
	int rc;

	rc = check_new(t->path, text, &test_only, e);
	if (rc < 0)
		return rc;
	rc = bundle_save(t->dirfd, t->name, text, new_mode(t, old, test_only),
	    t->fd < 0);
	if (rc == -EEXIST && t->fd < 0)
		return 1;
	if (rc < 0)
		return bundle_disk_fail_write(e, rc, t->path,
		    "it cannot be written, and is as it was");
	rc = bundle_save_sync(t->dirfd);
	if (rc < 0)
		return bundle_disk_fail(e, rc, t->path,
		    "it is written, but may not outlast a crash: %m");
	return 0;
}

/* *again: 0 is not the end of it. */
static int
update(const struct target *t, bundle_file_change *change, void *arg,
    bool *again, struct bundle_file_error *e)
{
	struct bundle_file old = { .dir = false };
	struct buf text = { .len = 0 };
	int rc = 0;

	bundle_save_sweep(t->dirfd, t->name, t->fd);
	if (t->fd >= 0)
		rc = check_names(t, e);
	if (rc == 0 && t->fd >= 0)
		rc = bundle_file_read_fd(t->fd, t->path, &old, e);
	if (rc < 0)
		return rc;
	rc = change(arg, &old, &text);
	if (rc != 0)
		goto out;
	rc = save(t, &old, &text, e);
	*again = rc > 0;
out:
	buf_fini(&text);
	bundle_file_fini(&old);
	return rc;
}

int
bundle_file_update(const char *path, bundle_file_change *change, void *arg,
    struct bundle_file_error *e)
{
	struct target t;
	bool again;
	int rc;

	e->text[0] = '\0';
	do {
		rc = target_open(path, &t, e);
		if (rc < 0)
			return rc;
		again = false;
		rc = update(&t, change, arg, &again, e);
		target_fini(&t);
	} while (again);
	return rc;
}
