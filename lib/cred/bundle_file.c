#include "cred/bundle_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cred/bundle_dir.h"
#include "cred/bundle_disk.h"

static int
read_text(int fd, const struct stat *st, const char *name, struct buf *text,
    struct bundle_file_error *e)
{
	const size_t size = S_ISREG(st->st_mode) ? (size_t)st->st_size : 0;
	int rc = bundle_disk_read(fd, size, BUNDLE_SIZE_MAX, text);

	if (rc == -EFBIG)
		return bundle_disk_fail(e, rc, name,
		    "more than %zu bytes, and a bundle has no more",
		    BUNDLE_SIZE_MAX);
	return rc < 0 ? bundle_disk_fail(e, rc, name, "%m") : 0;
}

static int
check_readers(const struct stat *st, const struct bundle *b, const char *name,
    struct bundle_file_error *e)
{
	bool secret = false;

	for (size_t i = 0; i < b->n; i++) {
		const struct bundle_section *s = &b->sections[i];

		secret |= !s->redacted &&
		    (bundle_disk_is_secret(s->type) ||
		        bundle_disk_has_key(s->data, s->len));
	}
	if (!secret || b->test_only)
		return 0;
	return bundle_disk_check_readers(st,
	    ", or \"Test-Only: yes\" in its head if they are no secrets", name,
	    e);
}

/* From a file, or from a pipe or terminal, whose mode says nothing. */
static int
read_file(int fd, const struct stat *st, const char *name,
    struct bundle_file *out, struct bundle_file_error *e)
{
	const bool regular = S_ISREG(st->st_mode);
	struct buf text = { .len = 0 };
	struct bundle_error why;
	struct bundle b;
	int rc;

	rc = regular ? bundle_disk_check_writers(st, name, e) : 0;
	if (rc == 0)
		rc = read_text(fd, st, name, &text, e);
	if (rc < 0)
		return rc;
	rc = bundle_parse((const char *)text.data, text.len, &b, &why);
	if (rc < 0) {
		(void)bundle_disk_fail_parse(e, rc, name, &why);
		goto fail_text;
	}
	rc = regular ? check_readers(st, &b, name, e) : 0;
	if (rc < 0)
		goto fail_bundle;
	*out = (struct bundle_file){ .text = (char *)text.data,
		.len = text.len,
		.bundle = b,
		.mode = st->st_mode & 07777 };
	return 0;
fail_bundle:
	bundle_fini(&b);
fail_text:
	buf_fini(&text);
	return rc;
}

static int
read_dir(int fd, const struct stat *st, const char *name,
    struct bundle_file *out, struct bundle_file_error *e)
{
	struct bundle_dir d;
	int rc;

	rc = bundle_dir_read(fd, name, &d, e);
	if (rc < 0)
		return rc;
	*out = (struct bundle_file){ .dir = true,
		.bundle = d.bundle,
		.mode = st->st_mode & 07777 };
	d.bundle = (struct bundle){ .n = 0 };
	bundle_dir_fini(&d);
	return 0;
}

int
bundle_file_read_fd(int fd, const char *name, struct bundle_file *out,
    struct bundle_file_error *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return bundle_disk_fail(e, -errno, name, "%m");
	return S_ISDIR(st.st_mode) ? read_dir(fd, &st, name, out, e)
	                           : read_file(fd, &st, name, out, e);
}

int
bundle_file_read(const char *path, struct bundle_file *out,
    struct bundle_file_error *e)
{
	int rc;
	const int fd = bundle_disk_open(AT_FDCWD, path, path, e);

	if (fd < 0)
		return fd;
	rc = bundle_file_read_fd(fd, path, out, e);
	close(fd);
	return rc;
}

void
bundle_file_fini(struct bundle_file *f)
{
	struct buf text = { .data = (unsigned char *)f->text,
		.len = f->len,
		.room = f->len };

	buf_fini(&text);
	bundle_fini(&f->bundle);
	*f = (struct bundle_file){ .dir = false };
}
