#include "pki_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cred/bundle.h"
#include "cred/bundle_disk.h"
#include "cred/bundle_lock.h"
#include "cred/bundle_save.h"
#include "pki_record.h"
#include "say.h"

#define BAD "bad"

/* More than any file that is made, so that none is read without end. */
#define FILE_MAX ((size_t)1 << 20)

static int
failed_by(const struct pki_dir *d, const char *name, int rc)
{
	return say(rc == -ENOMEM ? FAILED : outcome_of(rc), "%s/%s: %s",
	    d->path, name, strerror(-rc));
}

static int
failed(const struct pki_dir *d, const char *name)
{
	return failed_by(d, name, -errno);
}

static int
no_directory(const struct pki_dir *d)
{
	return say(CONFLICT,
	    "%s/" BAD " is there, and no directory: move it away, or take "
	    "another directory",
	    d->path);
}

/* The directory of a file, and its name there. */
static int
place(const struct pki_dir *d, const char *name, const char **base)
{
	const size_t prefix = strlen(BAD "/");
	const bool bad = strncmp(name, BAD "/", prefix) == 0;

	*base = bad ? name + prefix : name;
	return bad ? d->bad : d->fd;
}

/* 1 if it is not there, or -1 and errno. */
static int
look(const struct pki_dir *d, const char *name, struct stat *st)
{
	const char *base;
	const int dir = place(d, name, &base);

	if (dir < 0)
		return 1;
	if (fstatat(dir, base, st, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	return errno == ENOENT ? 1 : -1;
}

static int
check_writers(int fd, const char *path)
{
	struct bundle_file_error e;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return say(FAILED, "%s: %s", path, strerror(errno));
	if (bundle_disk_check_writers(&st, path, &e) < 0)
		return say(REFUSED, "%s", e.text);
	return DONE;
}

static int
check_writers_in(const struct pki_dir *d, const char *name, int fd)
{
	char *path = NULL;
	int rc;

	if (asprintf(&path, "%s/%s", d->path, name) < 0)
		return say_no_memory();
	rc = check_writers(fd, path);
	free(path);
	return rc;
}

/* Never through a link: what it leads to is none of generate's. */
static int
open_bad(struct pki_dir *d)
{
	if (d->bad >= 0)
		return DONE;
	d->bad =
	    openat(d->fd, BAD, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (d->bad >= 0)
		return check_writers_in(d, BAD, d->bad);
	if (errno == ELOOP || errno == ENOTDIR)
		return no_directory(d);
	return errno == ENOENT ? DONE : failed(d, BAD);
}

static bool
has_bad(const struct pki_dir_files *l)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strncmp(l->files[i].name, BAD "/", strlen(BAD "/")) == 0)
			return true;
	}
	return false;
}

/* *out is NULL if it is not there; wiped by the caller. */
static int
read_file(const struct pki_dir *d, const char *name, bool trusted,
    struct buf *out)
{
	const char *base;
	const int dir = place(d, name, &base);
	struct stat st;
	int fd, rc;

	*out = (struct buf){ .len = 0 };
	if (dir < 0)
		return DONE;
	fd = openat(dir, base,
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ELOOP)
		return say(REFUSED, "%s/%s is a symbolic link: remove it",
		    d->path, name);
	if (fd < 0)
		return errno == ENOENT ? DONE : failed(d, name);
	if (fstat(fd, &st) < 0)
		rc = failed(d, name);
	else if (!S_ISREG(st.st_mode))
		rc = say(REFUSED, "%s/%s is no regular file: remove it",
		    d->path, name);
	else
		rc = trusted ? check_writers_in(d, name, fd) : DONE;
	if (rc == DONE) {
		rc = bundle_disk_read(fd, (size_t)st.st_size, FILE_MAX, out);
		rc = rc < 0 ? failed_by(d, name, rc) : DONE;
	}
	(void)close(fd); /* it was only read */
	return rc;
}

static int
read_record(struct pki_dir *d)
{
	struct buf text;
	int rc;

	rc = read_file(d, PKI_DIR_RECORD, true, &text);
	if (rc != DONE)
		return rc;
	rc = pki_record_read(d, (const char *)text.data, text.len);
	buf_fini(&text);
	return rc;
}

/* As far as the last name of it is missing. */
static int
make_dir(const char *path)
{
	if (mkdir(path, 0755) == 0 || errno == EEXIST)
		return DONE;
	return say(outcome_of(-errno), "%s: %s", path, strerror(errno));
}

static int
lock(const struct pki_dir *d)
{
	const int rc = bundle_lock(d->fd, deadline_in_ms(bundle_lock_ms));
	struct bundle_file_error e;

	if (rc == -ETIMEDOUT) {
		(void)bundle_lock_fail(&e, d->path);
		return say(ENDED, "%s", e.text);
	}
	return rc < 0 ? say(FAILED, "%s: %s", d->path, strerror(-rc)) : DONE;
}

int
pki_dir_open(const char *path, struct pki_dir *d)
{
	int rc;

	*d = (struct pki_dir){ .path = path, .fd = -1, .bad = -1 };
	rc = make_dir(path);
	if (rc != DONE)
		return rc;
	d->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->fd < 0)
		return say(outcome_of(-errno), "%s: %s", path, strerror(errno));
	rc = check_writers(d->fd, path);
	if (rc == DONE)
		rc = lock(d);
	if (rc == DONE)
		rc = read_record(d);
	if (rc == DONE && has_bad(&d->old))
		rc = open_bad(d);
	if (rc != DONE)
		pki_dir_close(d);
	return rc;
}

void
pki_dir_close(struct pki_dir *d)
{
	if (d->fd >= 0)
		(void)close(d->fd); /* nothing was written through it */
	if (d->bad >= 0)
		(void)close(d->bad);
	free(d->arguments);
	pki_record_fini(&d->old);
	pki_record_fini(&d->now);
	*d = (struct pki_dir){ .fd = -1, .bad = -1 };
}

/* Is it what was made? */
static int
check_file(const struct pki_dir *d, const struct pki_dir_file *f)
{
	char digest[BUNDLE_DIGEST_SIZE];
	struct buf b;
	const char *is = NULL;
	int rc;

	rc = read_file(d, f->name, false, &b);
	if (rc != DONE)
		return rc;
	if (b.data == NULL)
		is = "is gone";
	else if (!bundle_digest(b.data, b.len, digest))
		rc = say_no_memory();
	else if (strcmp(digest, f->digest) != 0)
		is = "is not what was made";
	buf_fini(&b);
	if (is == NULL)
		return rc;
	return say(CONFLICT,
	    "%s/%s %s, and cannot be made again for the same keys: --force "
	    "makes all of it anew",
	    d->path, f->name, is);
}

int
pki_dir_whole(const struct pki_dir *d)
{
	int rc = DONE;

	for (size_t i = 0; rc == DONE && i < d->old.n; i++)
		rc = check_file(d, &d->old.files[i]);
	return rc;
}

int
pki_dir_plan(struct pki_dir *d, const char *name, const void *data, size_t len)
{
	char digest[BUNDLE_DIGEST_SIZE];
	struct stat st;
	int rc;

	if (strncmp(name, BAD "/", strlen(BAD "/")) == 0) {
		rc = open_bad(d);
		if (rc != DONE)
			return rc;
	}
	if (!pki_record_has(&d->old, name)) {
		rc = look(d, name, &st);
		if (rc == 0)
			return say(CONFLICT,
			    "%s/%s is there, and was not made by generate: "
			    "move it away, or take another directory",
			    d->path, name);
		if (rc < 0)
			return failed(d, name);
	}
	return bundle_digest(data, len, digest) &&
	        pki_record_add(&d->now, name, digest)
	    ? DONE
	    : say_no_memory();
}

/* There is no other way to ask for it. */
static mode_t
masked(mode_t mode)
{
	const mode_t mask = umask(077);

	(void)umask(mask);
	return mode & ~mask;
}

int
pki_dir_put(struct pki_dir *d, const char *name, const void *data, size_t len,
    bool secret)
{
	const char *base;
	const int dir = place(d, name, &base);
	const struct buf b = { (unsigned char *)data, len, len, false };
	int rc;

	if (dir < 0)
		return failed_by(d, name, -ENOENT);
	bundle_save_sweep(dir, base, -1);
	rc = bundle_save(dir, base, &b, masked(secret ? 0600 : 0644), false);
	if (rc == -EFBIG) /* of the system, and no limit of the tool's own */
		return say(FAILED, "%s/%s: %s", d->path, name, strerror(EFBIG));
	return rc < 0 ? failed_by(d, name, rc) : DONE;
}

static int
write_record(struct pki_dir *d, const char *arguments, bool done)
{
	char *text;
	size_t len;
	int rc;

	text = pki_record_write(d, arguments, done, &len);
	if (text == NULL)
		return say_no_memory();
	rc = pki_dir_put(d, PKI_DIR_RECORD, text, len, false);
	free(text);
	if (rc == DONE) {
		const int synced = bundle_save_sync(d->fd);

		rc = synced < 0 ? failed_by(d, PKI_DIR_RECORD, synced) : DONE;
	}
	return rc;
}

int
pki_dir_begin(struct pki_dir *d, const char *arguments)
{
	int rc;

	if (has_bad(&d->now) && d->bad < 0) {
		if (mkdirat(d->fd, BAD, 0755) < 0 && errno != EEXIST)
			return failed(d, BAD);
		rc = open_bad(d);
		if (rc != DONE)
			return rc;
	}
	return write_record(d, arguments, false);
}

static int
remove_old(struct pki_dir *d)
{
	for (size_t i = 0; i < d->old.n; i++) {
		const char *name = d->old.files[i].name, *base;
		const int dir = place(d, name, &base);

		if (dir >= 0 && !pki_record_has(&d->now, name) &&
		    unlinkat(dir, base, 0) < 0 && errno != ENOENT)
			return failed(d, name);
	}
	/* It may have other files in it, or not be there. */
	if (unlinkat(d->fd, BAD, AT_REMOVEDIR) < 0 && errno != ENOENT &&
	    errno != ENOTEMPTY && errno != EEXIST && errno != ENOTDIR)
		return failed(d, BAD);
	return DONE;
}

/* What is recorded as done outlasts a crash. */
int
pki_dir_end(struct pki_dir *d, const char *arguments)
{
	int rc = remove_old(d), synced;

	if (rc != DONE)
		return rc;
	synced = d->bad >= 0 ? bundle_save_sync(d->bad) : 0;
	if (synced == 0)
		synced = bundle_save_sync(d->fd);
	if (synced < 0)
		return failed_by(d, PKI_DIR_RECORD, synced);
	return write_record(d, arguments, true);
}
