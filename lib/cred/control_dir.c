#include "cred/control_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/files.h"
#include "base/kernel.h"

#define LOCK_MS 2000
#define RETRY_MS 10
#define BACKLOG 16
#define NAMES_MAX 100
#define NAME_SIZE 64

static int
refuse(char why[CONTROL_WHY_SIZE], const char *path, const char *what)
{
	snprintf(why, CONTROL_WHY_SIZE,
	    "%s: %s; or set ZSOCK_CTL_DIR to another directory", path, what);
	return -EPERM;
}

static int
check(int kfd, const char *path, char why[CONTROL_WHY_SIZE])
{
	char what[128];
	struct stat st;

	if (fstat(kfd, &st) == -1)
		return refuse(why, path, strerror(errno));
	if (st.st_uid != geteuid()) {
		snprintf(what, sizeof(what),
		    "it belongs to uid %ju, and this is uid %ju: remove it",
		    (uintmax_t)st.st_uid, (uintmax_t)geteuid());
		return refuse(why, path, what);
	}
	if ((st.st_mode & 077) != 0) {
		snprintf(what, sizeof(what),
		    "other users may use it (mode %04o): chmod 700",
		    (unsigned)st.st_mode & 07777);
		return refuse(why, path, what);
	}
	return 0;
}

int
control_dir_open(const char *path, bool make, char why[CONTROL_WHY_SIZE])
{
	int kfd, rc;

	if (make && mkdir(path, 0700) == -1 && errno != EEXIST) {
		rc = -errno;
		snprintf(why, CONTROL_WHY_SIZE,
		    "%s cannot be made: %s; set ZSOCK_CTL_DIR to a directory "
		    "that can",
		    path, strerror(-rc));
		return rc;
	}
	kfd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (kfd == -1 && (errno == ELOOP || errno == ENOTDIR))
		return refuse(why, path,
		    "it is a symbolic link, or no directory: remove it");
	if (kfd == -1) {
		rc = -errno;
		snprintf(why, CONTROL_WHY_SIZE,
		    "%s: %s; set ZSOCK_CTL_DIR to "
		    "another directory",
		    path, strerror(-rc));
		return rc;
	}
	rc = check(kfd, path, why);
	if (rc == 0)
		return kfd;
	kernel->close(kfd);
	return rc;
}

/*
 * An address has room for 107 bytes.  The kernel knows the directory by its
 * descriptor, too, which belongs to the thread: it may have its own table.
 */
socklen_t
control_dir_address(const struct control_dir *d, const char *name,
    struct sockaddr_un *addr)
{
	const size_t size = sizeof(addr->sun_path);
	const size_t len = strlen(d->path) + 1 + strlen(name);

	memset(addr, 0, sizeof(*addr));
	addr->sun_family = AF_UNIX;
	if (len < size) {
		memcpy(addr->sun_path, d->path, strlen(d->path));
		addr->sun_path[strlen(d->path)] = '/';
		memcpy(&addr->sun_path[strlen(d->path) + 1], name,
		    strlen(name));
	} else {
		snprintf(addr->sun_path, size, "/proc/thread-self/fd/%d/%.64s",
		    d->kfd, name);
	}
	return sizeof(*addr);
}

/*
 * flock(2) with LOCK_SH or LOCK_EX: -EWOULDBLOCK.  Whoever holds the lock may be
 * stopped, and nobody waits for that.
 */
static int
lock(const struct control_dir *d, int how)
{
	const struct deadline until = deadline_in_ms(LOCK_MS);
	int left;

	while (flock(d->kfd, how | LOCK_NB) == -1) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		left = deadline_left_ms(until);
		if (left == 0)
			return -EWOULDBLOCK;
		(void)kernel->poll(NULL, 0, left < RETRY_MS ? left : RETRY_MS);
	}
	return 0;
}

static void
unlock(const struct control_dir *d)
{
	(void)flock(d->kfd, LOCK_UN); /* closing it does the same */
}

enum control_probe
control_dir_probe(const struct control_dir *d, const char *name)
{
	struct sockaddr_un addr;
	const socklen_t len = control_dir_address(d, name, &addr);
	struct stat st;
	int kfd, rc;

	if (fstatat(d->kfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return errno == ENOENT ? CONTROL_GONE : CONTROL_LIVE;
	if (!S_ISSOCK(st.st_mode))
		return CONTROL_LIVE;
	kfd = kernel->socket(AF_UNIX,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (kfd == -1)
		return CONTROL_LIVE;
	rc = kernel->connect(kfd, (const struct sockaddr *)&addr, len) == -1
	    ? errno
	    : 0;
	kernel->close(kfd);
	return rc == ECONNREFUSED ? CONTROL_DEAD
	    : rc == ENOENT        ? CONTROL_GONE
	                          : CONTROL_LIVE;
}

bool
control_dir_bury(const struct control_dir *d, const char *name)
{
	enum control_probe now;
	bool gone;

	if (lock(d, LOCK_EX) < 0)
		return false;
	now = control_dir_probe(d, name);
	gone = now == CONTROL_GONE ||
	    (now == CONTROL_DEAD && unlinkat(d->kfd, name, 0) == 0);
	unlock(d);
	return gone;
}

/* Bound to a name that nobody looks for, with mode 0600, and listening. */
static int
bind_temporary(const struct control_dir *d, char name[NAME_SIZE])
{
	struct sockaddr_un addr;
	uint32_t number;
	socklen_t len;
	int kfd, rc;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -EIO;
	snprintf(name, NAME_SIZE, ".%jd.%08x.tmp", (intmax_t)getpid(), number);
	len = control_dir_address(d, name, &addr);
	kfd = kernel->socket(AF_UNIX,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (kfd == -1)
		return -errno;
	/* The kernel takes the name's mode from here, and the umask off it. */
	if (fchmod(kfd, 0600) == -1 ||
	    kernel->bind(kfd, (const struct sockaddr *)&addr, len) == -1) {
		rc = -errno;
		kernel->close(kfd);
		return rc;
	}
	if (kernel->listen(kfd, BACKLOG) == -1) {
		rc = -errno;
		(void)unlinkat(d->kfd, name, 0); /* ps does it otherwise */
		kernel->close(kfd);
		return rc;
	}
	return kfd;
}

/*
 * Names are given under the shared lock.  One that is taken is looked into, and
 * removed, under the exclusive one.
 */
static int
give_name(const struct control_dir *d, const char *from, char name[NAME_SIZE])
{
	const intmax_t pid = getpid();
	bool exclusive = false;
	int n = 1, rc;

	while (n < NAMES_MAX) {
		if (n == 1)
			snprintf(name, NAME_SIZE, "%jd.sock", pid);
		else
			snprintf(name, NAME_SIZE, "%jd-%d.sock", pid, n);
		/* Never in place of that of another pid namespace, say. */
		rc = files_rename_new(d->kfd, from, name);
		if (rc != -EEXIST)
			return rc;
		if (!exclusive) {
			rc = lock(d, LOCK_EX);
			if (rc < 0)
				return rc;
			exclusive = true;
		}
		if (control_dir_probe(d, name) != CONTROL_DEAD ||
		    unlinkat(d->kfd, name, 0) == -1)
			n++;
	}
	return -EEXIST;
}

/* The program may go to another directory, and its path be relative. */
static int
remember(const struct control_dir *d, const char *name,
    struct control_name *out)
{
	char link[64];
	struct stat st;
	ssize_t n;

	if (fstatat(d->kfd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return -errno;
	snprintf(link, sizeof(link), "/proc/thread-self/fd/%d", d->kfd);
	n = readlink(link, out->path, PATH_MAX - 1);
	if (n <= 0) {
		n = (ssize_t)strlen(d->path);
		if (n >= PATH_MAX)
			return -ENAMETOOLONG;
		memcpy(out->path, d->path, (size_t)n);
	}
	snprintf(out->path + n, NAME_SIZE + 1, "/%s", name);
	out->dev = st.st_dev;
	out->ino = st.st_ino;
	out->pid = getpid();
	return 0;
}

static int
publish_locked(const struct control_dir *d, struct control_name *out)
{
	char temporary[NAME_SIZE], name[NAME_SIZE];
	int kfd, rc;

	kfd = bind_temporary(d, temporary);
	if (kfd < 0)
		return kfd;
	rc = give_name(d, temporary, name);
	if (rc < 0) {
		(void)unlinkat(d->kfd, temporary, 0); /* ps does it otherwise */
		goto out;
	}
	rc = remember(d, name, out);
	if (rc == 0)
		return kfd;
	(void)unlinkat(d->kfd, name, 0); /* the same */
out:
	kernel->close(kfd);
	return rc;
}

int
control_dir_publish(const struct control_dir *d, struct control_name *name,
    char why[CONTROL_WHY_SIZE])
{
	int rc;

	rc = lock(d, LOCK_SH);
	if (rc == -EWOULDBLOCK) {
		snprintf(why, CONTROL_WHY_SIZE,
		    "%s: another process holds its lock: end or continue it",
		    d->path);
		return rc;
	}
	if (rc == 0)
		rc = publish_locked(d, name);
	unlock(d);
	if (rc < 0)
		snprintf(why, CONTROL_WHY_SIZE,
		    "no socket can be made in %s: %s; set ZSOCK_CTL_DIR to "
		    "another directory",
		    d->path, strerror(-rc));
	return rc;
}

void
control_dir_withdraw(const struct control_name *name, int kfd)
{
	const int at = kfd == -1 ? AT_FDCWD : kfd;
	const char *path =
	    kfd == -1 ? name->path : strrchr(name->path, '/') + 1;
	struct stat st;

	if (name->pid != getpid() ||
	    fstatat(at, path, &st, AT_SYMLINK_NOFOLLOW) == -1 ||
	    st.st_dev != name->dev || st.st_ino != name->ino)
		return;
	(void)unlinkat(at, path, 0); /* then ps does it */
}
