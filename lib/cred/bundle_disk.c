#include "cred/bundle_disk.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cred/store.h"

/* Of a path more is not said, so that there is room for what is wrong. */
#define PATH_SAID 180
#define TAIL(path) \
	(strlen(path) > PATH_SAID ? (path) + strlen(path) - PATH_SAID : (path))
#define DOTS(path) (strlen(path) > PATH_SAID ? "..." : "")

#define READ_FIRST ((size_t)16 << 10)

int
bundle_disk_fail(struct bundle_file_error *e, int rc, const char *path,
    const char *format, ...)
{
	va_list args;
	int n;

	n = snprintf(e->text, sizeof(e->text), "%s%s: ", DOTS(path),
	    TAIL(path));
	va_start(args, format);
	errno = -rc; /* for %m */
	vsnprintf(e->text + n, sizeof(e->text) - (size_t)n, format, args);
	va_end(args);
	return rc;
}

int
bundle_disk_fail_write(struct bundle_file_error *e, int rc, const char *path,
    const char *text)
{
	(void)bundle_disk_fail(e, rc, path, "%s: %m", text);
	return rc == -EFBIG ? -EIO : rc;
}

int
bundle_disk_fail_parse(struct bundle_file_error *e, int rc, const char *path,
    const struct bundle_error *why)
{
	if (rc == -ENOMEM)
		return bundle_disk_fail(e, rc, path, "%m");
	snprintf(e->text, sizeof(e->text), "%s%s:%d: %s", DOTS(path),
	    TAIL(path), why->line, why->text);
	return rc;
}

static int
fail_kind(struct bundle_file_error *e, const char *path)
{
	return bundle_disk_fail(e, -EINVAL, path,
	    "neither a file nor a directory; what another program writes is "
	    "read from standard input");
}

int
bundle_disk_open(int dirfd, const char *name, const char *path,
    struct bundle_file_error *e)
{
	struct stat st;
	const int fd =
	    openat(dirfd, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	int rc;

	if (fd < 0 && errno == ENXIO) /* a socket */
		return fail_kind(e, path);
	if (fd < 0)
		return bundle_disk_fail(e, -errno, path, "%m");
	rc = fstat(fd, &st) < 0 ? -errno : 0;
	if (rc == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)))
		return fd;
	close(fd);
	return rc < 0 ? bundle_disk_fail(e, rc, path, "%m")
	              : fail_kind(e, path);
}

/*
 * Distributions that give each user a group of his own give it his number.  It
 * is the only sign of one that can be had without asking a name service, which
 * may not be done in somebody else's process.
 */
static bool
is_own_group(gid_t group)
{
	return group == getegid() && group == (gid_t)geteuid();
}

bool
bundle_disk_is_shared(const struct stat *st)
{
	return (st->st_mode & S_IWOTH) != 0 ||
	    ((st->st_mode & S_IWGRP) != 0 && !is_own_group(st->st_gid));
}

int
bundle_disk_check_writers(const struct stat *st, const char *path,
    struct bundle_file_error *e)
{
	const unsigned mode = st->st_mode & 07777;

	if (st->st_uid != geteuid() && st->st_uid != 0)
		return bundle_disk_fail(e, -EPERM, path,
		    "its owner is user %u, neither you nor root; use a copy "
		    "of your own, or chown it",
		    (unsigned)st->st_uid);
	if ((mode & S_IWOTH) != 0)
		return bundle_disk_fail(e, -EPERM, path,
		    "every user can change it (mode %04o): chmod go-w %s%s",
		    mode, DOTS(path), TAIL(path));
	if ((mode & S_IWGRP) != 0 && !is_own_group(st->st_gid))
		return bundle_disk_fail(e, -EPERM, path,
		    "the users of group %u can change it (mode %04o): chmod "
		    "g-w %s%s",
		    (unsigned)st->st_gid, mode, DOTS(path), TAIL(path));
	return 0;
}

bool
bundle_disk_is_secret(int type)
{
	return type == CRED_PRIVATE_KEY || type == CRED_PSK;
}

bool
bundle_disk_has_key(const void *data, size_t len)
{
	static const char end[] = "PRIVATE KEY-----";

	return len > 0 && memmem(data, len, end, strlen(end)) != NULL;
}

int
bundle_disk_check_readers(const struct stat *st, const char *cure,
    const char *path, struct bundle_file_error *e)
{
	if ((st->st_mode & (S_IRGRP | S_IROTH)) == 0)
		return 0;
	return bundle_disk_fail(e, -EPERM, path,
	    "it has keys, and other users can read it (mode %04o): chmod 600 "
	    "%s%s%s",
	    (unsigned)st->st_mode & 07777, DOTS(path), TAIL(path), cure);
}

int
bundle_disk_check_names(const struct stat *st, const char *path,
    struct bundle_file_error *e)
{
	if (st->st_nlink <= 1)
		return 0;
	return bundle_disk_fail(e, -EPERM, path,
	    "the file has %llu names (hard links), and under the others it "
	    "would stay as it is; remove those, or put a copy in its place",
	    (unsigned long long)st->st_nlink);
}

/* A descriptor of the caller's may be one that does not wait by itself. */
static int
wait_readable(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, -1) < 0 && errno != EINTR ? -errno : 0;
}

/* The number of bytes; 0 at the end. */
static ssize_t
read_some(int fd, unsigned char *data, size_t room)
{
	ssize_t n;
	int rc;

	for (;;) {
		n = read(fd, data, room);
		if (n >= 0)
			return n;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		rc = errno == EAGAIN ? wait_readable(fd) : 0;
		if (rc < 0)
			return rc;
	}
}

int
bundle_disk_read(int fd, size_t size, size_t max, struct buf *out)
{
	struct buf b = { .len = 0 };
	size_t room = size > 0 && size <= max ? size : READ_FIRST;
	ssize_t n;
	int rc = 0;

	do {
		/* One byte more, to see the end without a second buffer. */
		if (!buf_reserve(&b, b.len == 0 ? room + 1 : 1)) {
			rc = -ENOMEM;
			break;
		}
		room = b.room - b.len;
		if (room > max + 1 - b.len)
			room = max + 1 - b.len;
		n = read_some(fd, b.data + b.len, room);
		if (n < 0)
			rc = (int)n;
		else
			b.len += (size_t)n;
		if (b.len > max)
			rc = -EFBIG;
	} while (rc == 0 && n > 0);
	if (rc == 0)
		*out = b;
	else
		buf_fini(&b);
	return rc;
}
