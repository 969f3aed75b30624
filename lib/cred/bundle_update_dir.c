#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cred/bundle_dir.h"
#include "cred/bundle_disk.h"
#include "cred/bundle_file.h"
#include "cred/bundle_lock.h"
#include "cred/bundle_plan.h"
#include "cred/bundle_save.h"
#include "cred/types.h"

/* A directory under its lock, and what is to become of it. */
struct work {
	const char *path;
	int fd;
	struct bundle_dir dir;
	struct bundle_plan plan; /* entry i is of file i of dir */
	struct bundle_file_error *e;
};

static int
fail(const struct work *w, int rc, const char *name, const char *text)
{
	char where[PATH_MAX];

	return bundle_disk_fail(w->e, rc,
	    bundle_dir_where(w->path, name, where), "%s: %m", text);
}

/* The file that has entry i now, or NULL. */
static const struct bundle_dir_file *
old_file(const struct work *w, size_t i)
{
	return i < w->dir.n ? &w->dir.files[i] : NULL;
}

static bool
changes(const struct bundle_plan_entry *e)
{
	return e->value != NULL || (e->old != NULL && !e->held);
}

/* Behind a link is a place that may be anybody's. */
static int
check_file(const struct work *w, const struct bundle_dir_file *file)
{
	char where[PATH_MAX];
	struct stat st;

	if (fstatat(w->fd, file->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(w, -errno, file->name, "it cannot be looked at");
	bundle_dir_where(w->path, file->name, where);
	if (S_ISREG(st.st_mode))
		return bundle_disk_check_names(&st, where, w->e);
	return bundle_disk_fail(w->e, -EINVAL, where,
	    "a symbolic link, which is only read; change the file that it "
	    "leads to");
}

/* All that can be known before anything is done. */
static int
check(const struct work *w)
{
	const struct bundle_plan_entry *e = w->plan.entries;
	int rc;

	if (w->plan.bytes > BUNDLE_SIZE_MAX)
		return bundle_disk_fail(w->e, -EFBIG, w->path,
		    "more than %zu bytes in all its files", BUNDLE_SIZE_MAX);
	for (size_t i = 0; i < w->dir.n; i++) {
		rc = changes(&e[i]) ? check_file(w, &w->dir.files[i]) : 0;
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* Public values stay as readable as they were, keys are nobody else's. */
static int
new_mode(const struct work *w, const struct cred_op *op,
    const struct bundle_dir_file *old, mode_t *mode)
{
	struct stat st;

	*mode = 0600;
	if (old == NULL || bundle_disk_is_secret(op->type) ||
	    bundle_disk_has_key(op->data, op->len))
		return 0;
	if (fstatat(w->fd, old->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	*mode = st.st_mode & 0644;
	return 0;
}

/* In the form that the old file has, if that can be. */
static int
encode(const struct cred_op *op, const struct bundle_dir_file *old,
    struct bundle_name *is, struct buf *bytes)
{
	int rc;

	*is = (struct bundle_name){ .tag = op->tag, .type = op->type };
	if (old != NULL) {
		is->ext = old->is.ext;
		rc = bundle_name_encode(is->ext, op->data, op->len, bytes);
		if (rc != -EINVAL)
			return rc;
	}
	is->ext = bundle_name_choose(op->type, op->data, op->len);
	return bundle_name_encode(is->ext, op->data, op->len, bytes);
}

static int
write_file(const struct work *w, const struct cred_op *op,
    const struct bundle_dir_file *old)
{
	char name[BUNDLE_NAME_SIZE], where[PATH_MAX];
	const char *as = name;
	struct buf bytes;
	struct bundle_name is;
	mode_t mode;
	int rc;

	rc = encode(op, old, &is, &bytes);
	if (rc < 0)
		return bundle_disk_fail(w->e, rc, w->path, "%m");
	if (old != NULL && old->is.ext == is.ext)
		as = old->name;
	else
		bundle_name_write(&is, name);
	rc = new_mode(w, op, old, &mode);
	if (rc == 0)
		rc = bundle_save(w->fd, as, &bytes, mode, old == NULL);
	buf_fini(&bytes);
	if (rc < 0)
		return bundle_disk_fail_write(w->e, rc,
		    bundle_dir_where(w->path, as, where),
		    "it cannot be written");
	/* A stop of the machine in between leaves both, and nothing is lost. */
	if (old != NULL && as == name && unlinkat(w->fd, old->name, 0) < 0)
		return fail(w, -errno, old->name, "it cannot be removed");
	return 0;
}

static int
write_files(const struct work *w)
{
	const struct bundle_plan_entry *e = w->plan.entries;
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < w->plan.n; i++) {
		if (e[i].value != NULL)
			rc = write_file(w, e[i].value, old_file(w, i));
	}
	return rc;
}

static int
remove_files(const struct work *w)
{
	const struct bundle_plan_entry *e = w->plan.entries;

	for (size_t i = 0; i < w->dir.n; i++) {
		if (!e[i].held && unlinkat(w->fd, w->dir.files[i].name, 0) < 0)
			return fail(w, -errno, w->dir.files[i].name,
			    "it cannot be removed");
	}
	return 0;
}

/* Old and new together are more than a reader takes. */
static bool
is_crowd(const struct work *w)
{
	const struct bundle_plan_entry *e = w->plan.entries;
	size_t n = w->dir.n, bytes = 0;

	for (size_t i = 0; i < w->dir.n; i++)
		bytes += w->dir.bundle.sections[i].len;
	for (size_t i = 0; i < w->plan.n; i++) {
		n += i >= w->dir.n && e[i].held;
		bytes += e[i].value != NULL ? e[i].value->len : 0;
	}
	return n > BUNDLE_SECTIONS_MAX || bytes > BUNDLE_SIZE_MAX;
}

/*
 * What is written comes first: a stop in between has lost nothing new.  But a
 * directory that nobody can read meanwhile is worse.
 */
static int
apply(const struct work *w)
{
	const bool crowd = is_crowd(w);
	int rc;

	rc = crowd ? remove_files(w) : write_files(w);
	if (rc == 0)
		rc = crowd ? write_files(w) : remove_files(w);
	if (rc < 0)
		return rc;
	rc = bundle_save_sync(w->fd);
	return rc < 0 ? bundle_disk_fail(w->e, rc, w->path, "%m") : 0;
}

static int
open_locked(const char *path)
{
	const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return -errno;
	rc = bundle_lock(fd, deadline_in_ms(bundle_lock_ms));
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

static bool
is_own_name(const char *name)
{
	struct bundle_name is;

	return bundle_name_parse(name, &is);
}

/* Why a change cannot be. */
static int
fail_op(const struct work *w, int rc, const struct cred_op *op)
{
	const char *type = cred_types_short(op->type);

	if (rc == -EEXIST)
		return bundle_disk_fail(w->e, rc, w->path,
		    "%d %s is there already", op->tag, type);
	if (rc == -ENOENT)
		return bundle_disk_fail(w->e, rc, w->path, "no %d %s is there",
		    op->tag, type);
	if (rc == -EFBIG)
		return bundle_disk_fail(w->e, rc, w->path,
		    "%d %s would have more than %zu bytes", op->tag, type,
		    BUNDLE_VALUE_MAX);
	return bundle_disk_fail(w->e, rc, w->path,
	    "there is no tag %d or no type %d", op->tag, op->type);
}

/* What the plan says, if there can be one. */
static int
carry_out(struct work *w, const struct bundle_file_dir_change *c)
{
	size_t failed;
	int rc;

	rc = bundle_plan_make(&w->dir.bundle, c->ops, c->n, &w->plan, &failed);
	if (rc == 0) {
		rc = check(w);
		if (rc == 0)
			rc = apply(w);
		bundle_plan_fini(&w->plan);
	} else if (failed < c->n) {
		(void)fail_op(w, rc, &c->ops[failed]);
	} else if (rc == -EFBIG) {
		(void)bundle_disk_fail(w->e, rc, w->path, "more than %d files",
		    BUNDLE_SECTIONS_MAX);
	} else {
		(void)bundle_disk_fail(w->e, rc, w->path, "%m");
	}
	return rc;
}

static int
update(struct work *w, const struct bundle_file_dir_change *c)
{
	int rc;

	rc = bundle_dir_read(w->fd, w->path, &w->dir, w->e);
	if (rc < 0)
		return rc;
	/* By now it is known that it is a directory of the user's. */
	bundle_save_sweep_all(w->fd, is_own_name);
	if (c->check != NULL)
		rc = c->check(c->arg, &w->dir.bundle);
	if (rc == 0)
		rc = carry_out(w, c);
	bundle_dir_fini(&w->dir);
	return rc;
}

int
bundle_file_update_dir(const char *path, const struct bundle_file_dir_change *c,
    struct bundle_file_error *e)
{
	struct work w = { .path = path, .e = e };
	int rc;

	e->text[0] = '\0';
	w.fd = open_locked(path);
	if (w.fd == -ETIMEDOUT)
		return bundle_lock_fail(e, path);
	if (w.fd < 0)
		return bundle_disk_fail(e, w.fd, path, "%m");
	rc = update(&w, c);
	close(w.fd);
	return rc;
}
