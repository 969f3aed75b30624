#include "cred/bundle_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/files.h"
#include "cred/bundle_disk.h"

const char *
bundle_dir_where(const char *path, const char *name, char *where)
{
	const size_t len = strlen(path);
	const char *slash = len > 0 && path[len - 1] == '/' ? "" : "/";

	snprintf(where, PATH_MAX, "%s%s%s", path, slash, name);
	return where;
}

/* Whoever may write here may put in a credential of his own. */
static int
check_dir(int fd, const char *path, struct bundle_file_error *e)
{
	struct statvfs fs;
	struct stat st;

	if (fstat(fd, &st) < 0 || fstatvfs(fd, &fs) < 0)
		return bundle_disk_fail(e, -errno, path, "%m");
	/* Mounted secrets are often of mode 1777, which then means nothing. */
	if ((fs.f_flag & ST_RDONLY) != 0)
		st.st_mode &= ~(mode_t)(S_IWGRP | S_IWOTH);
	return bundle_disk_check_writers(&st, path, e);
}

static int
add_name(struct bundle_dir *d, const char *name, const struct bundle_name *is)
{
	char *copy = strdup(name);

	if (copy == NULL)
		return -ENOMEM;
	d->files[d->n++] = (struct bundle_dir_file){ copy, *is };
	return 0;
}

static int
list(DIR *dir, const char *path, struct bundle_dir *d,
    struct bundle_file_error *e)
{
	char where[PATH_MAX];
	const struct dirent *entry;
	struct bundle_name is;

	for (;;) {
		errno = 0;
		entry = readdir(dir);
		if (entry == NULL)
			return errno == 0
			    ? 0
			    : bundle_disk_fail(e, -errno, path, "%m");
		if (entry->d_name[0] == '.')
			continue;
		if (!bundle_name_parse(entry->d_name, &is))
			return bundle_disk_fail(e, -EINVAL,
			    bundle_dir_where(path, entry->d_name, where), "%s",
			    bundle_name_rule);
		if (d->n == BUNDLE_SECTIONS_MAX)
			return bundle_disk_fail(e, -EFBIG, path,
			    "more than %d files", BUNDLE_SECTIONS_MAX);
		if (add_name(d, entry->d_name, &is) < 0)
			return bundle_disk_fail(e, -ENOMEM, path, "%m");
	}
}

static int
list_all(int fd, const char *path, struct bundle_dir *d,
    struct bundle_file_error *e)
{
	DIR *dir = files_list(fd);
	int rc;

	if (dir == NULL)
		return bundle_disk_fail(e, -errno, path, "%m");
	rc = list(dir, path, d, e);
	closedir(dir);
	return rc;
}

static int
compare(const void *a, const void *b)
{
	const struct bundle_dir_file *x = a, *y = b;

	if (x->is.tag != y->is.tag)
		return x->is.tag < y->is.tag ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int
check_twins(const struct bundle_dir *d, const char *path,
    struct bundle_file_error *e)
{
	const struct bundle_dir_file *f = d->files;
	char where[PATH_MAX];

	for (size_t i = 1; i < d->n; i++) {
		for (size_t j = i; j-- > 0 && f[j].is.tag == f[i].is.tag;) {
			if (f[j].is.type == f[i].is.type)
				return bundle_disk_fail(e, -EINVAL,
				    bundle_dir_where(path, f[i].name, where),
				    "%s is of the same tag and type; remove "
				    "one of them",
				    f[j].name);
		}
	}
	return 0;
}

/* What the file's bytes stand for. */
static int
read_value(int fd, const struct stat *st, const struct bundle_name *is,
    struct buf *value)
{
	struct buf file;
	int rc;

	rc = bundle_disk_read(fd, (size_t)st->st_size, BUNDLE_SIZE_MAX, &file);
	if (rc < 0)
		return rc;
	rc = bundle_name_decode(is->ext, &file, value);
	buf_fini(&file);
	if (rc == 0 && value->len > BUNDLE_VALUE_MAX) {
		buf_fini(value);
		rc = -EFBIG;
	}
	return rc;
}

static int
check_file(int fd, const struct bundle_name *is, struct stat *st,
    const char *where, struct bundle_file_error *e)
{
	int rc;

	if (fstat(fd, st) < 0)
		return bundle_disk_fail(e, -errno, where, "%m");
	if (S_ISDIR(st->st_mode))
		return bundle_disk_fail(e, -EINVAL, where,
		    "a directory; a credential is a file");
	rc = bundle_disk_check_writers(st, where, e);
	if (rc == 0 && bundle_disk_is_secret(is->type))
		rc = bundle_disk_check_readers(st, "", where, e);
	return rc;
}

static int
read_file(int dirfd, const struct bundle_dir_file *file, const char *where,
    struct bundle_section *out, struct bundle_file_error *e)
{
	const int fd = bundle_disk_open(dirfd, file->name, where, e);
	struct buf value;
	struct stat st;
	int rc;

	if (fd < 0)
		return fd;
	rc = check_file(fd, &file->is, &st, where, e);
	if (rc < 0)
		goto out;
	rc = read_value(fd, &st, &file->is, &value);
	if (rc == -EINVAL)
		(void)bundle_disk_fail(e, rc, where,
		    "this is no hexadecimal number of whole bytes");
	else if (rc == -EFBIG)
		(void)bundle_disk_fail(e, rc, where,
		    "more than %zu bytes, and a credential has no more",
		    BUNDLE_VALUE_MAX);
	else if (rc < 0)
		(void)bundle_disk_fail(e, rc, where, "%m");
	if (rc < 0)
		goto out;
	/* A secret type was looked at before it was read. */
	if (bundle_disk_has_key(value.data, value.len))
		rc = bundle_disk_check_readers(&st, "", where, e);
	if (rc < 0)
		buf_fini(&value);
	else
		*out = (struct bundle_section){ .tag = file->is.tag,
			.type = file->is.type,
			.data = value.data,
			.len = value.len };
out:
	close(fd);
	return rc;
}

static int
read_files(int fd, const char *path, struct bundle_dir *d,
    struct bundle_file_error *e)
{
	char where[PATH_MAX];
	size_t total = 0;
	int rc;

	for (size_t i = 0; i < d->n; i++) {
		bundle_dir_where(path, d->files[i].name, where);
		rc = read_file(fd, &d->files[i], where, &d->bundle.sections[i],
		    e);
		if (rc < 0)
			return rc;
		d->bundle.n++;
		total += d->bundle.sections[i].len;
		if (total > BUNDLE_SIZE_MAX)
			return bundle_disk_fail(e, -EFBIG, path,
			    "more than %zu bytes in all its files",
			    BUNDLE_SIZE_MAX);
	}
	return 0;
}

int
bundle_dir_read(int fd, const char *path, struct bundle_dir *out,
    struct bundle_file_error *e)
{
	struct bundle_dir d = { .n = 0 };
	int rc;

	rc = check_dir(fd, path, e);
	if (rc < 0)
		return rc;
	d.files = calloc(BUNDLE_SECTIONS_MAX, sizeof(*d.files));
	d.bundle.sections =
	    calloc(BUNDLE_SECTIONS_MAX, sizeof(*d.bundle.sections));
	if (d.files == NULL || d.bundle.sections == NULL) {
		rc = bundle_disk_fail(e, -ENOMEM, path, "%m");
		goto out;
	}
	rc = list_all(fd, path, &d, e);
	if (rc == 0)
		qsort(d.files, d.n, sizeof(*d.files), compare);
	if (rc == 0)
		rc = check_twins(&d, path, e);
	if (rc == 0)
		rc = read_files(fd, path, &d, e);
out:
	if (rc == 0)
		*out = d;
	else
		bundle_dir_fini(&d);
	return rc;
}

void
bundle_dir_fini(struct bundle_dir *d)
{
	bundle_fini(&d->bundle);
	for (size_t i = 0; i < d->n; i++)
		free(d->files[i].name);
	free(d->files);
	*d = (struct bundle_dir){ .n = 0 };
}
