#include "cred/bundle_save.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"

/*
 * A temporary file is .NAME.zsock-XXXXXX, and locked from when it is made until
 * it has its name or is gone.  So whoever gets the lock of one knows that its
 * writer is dead, and may remove it.
 */
#define MARK ".zsock-"
#define RANDOM 6
#define NAME_KEPT (NAME_MAX - 1 - (int)sizeof(MARK) - RANDOM)

/* Somebody else has the name by chance so often only if he does so on purpose. */
#define TRIES 100

static void
temp_begin(const char *name, char temp[NAME_MAX + 1])
{
	snprintf(temp, NAME_MAX + 1, ".%.*s" MARK, NAME_KEPT, name);
}

static int
add_random(char *end)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char bytes[RANDOM];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return -errno;
	for (int i = 0; i < RANDOM; i++)
		end[i] = letters[bytes[i] % 32];
	end[RANDOM] = '\0';
	return 0;
}

/* A sweep may come between its making and its lock: then it is gone. */
static int
hold(int fd)
{
	struct stat st;

	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EEXIST : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	return st.st_nlink > 0 ? 0 : -EEXIST;
}

static int
make_once(int dirfd, const char *temp)
{
	const int fd = openat(dirfd, temp,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int rc;

	if (fd < 0)
		return -errno;
	rc = hold(fd);
	if (rc == 0)
		return fd;
	if (rc != -EEXIST)
		unlinkat(dirfd, temp, 0);
	close(fd);
	return rc;
}

/* Returns a descriptor for writing, and its name in temp. */
static int
make(int dirfd, const char *name, char temp[NAME_MAX + 1])
{
	char *end;
	int rc = -EEXIST;

	temp_begin(name, temp);
	end = temp + strlen(temp);
	for (int i = 0; rc == -EEXIST && i < TRIES; i++) {
		rc = add_random(end);
		if (rc == 0)
			rc = make_once(dirfd, temp);
	}
	return rc;
}

static int
give_name(int dirfd, const char *temp, const char *name, bool fresh)
{
	if (fresh)
		return files_rename_new(dirfd, temp, name);
	return renameat(dirfd, temp, dirfd, name) < 0 ? -errno : 0;
}

int
bundle_save(int dirfd, const char *name, const struct buf *b, mode_t mode,
    bool fresh)
{
	char temp[NAME_MAX + 1];
	const int fd = make(dirfd, name, temp);
	int rc;

	if (fd < 0)
		return fd == -EEXIST ? -EBUSY : fd;
	rc = files_write(fd, b->data, b->len);
	if (rc == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0))
		rc = -errno;
	if (rc == 0)
		rc = give_name(dirfd, temp, name, fresh);
	if (rc < 0)
		unlinkat(dirfd, temp, 0);
	close(fd);
	return rc;
}

static bool
ends_as_temp(const char *name)
{
	const size_t len = strlen(name), end = sizeof(MARK) - 1 + RANDOM;

	return name[0] == '.' && len > end &&
	    strncmp(name + len - end, MARK, sizeof(MARK) - 1) == 0;
}

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Whoever holds the lock of what it leads to knows that its writer is dead. */
static bool
is_dead(int fd, const struct stat *st, int held)
{
	struct stat own;

	return flock(fd, LOCK_EX | LOCK_NB) == 0 ||
	    (held >= 0 && fstat(held, &own) == 0 && is_same(&own, st));
}

static void
remove_if_dead(int dirfd, const char *temp, int held)
{
	const int fd = openat(dirfd, temp,
	    O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY);
	struct stat opened, named;

	if (fd < 0)
		return;
	/* By now its writer may have given it its name, and closed it. */
	if (fstat(fd, &opened) == 0 && S_ISREG(opened.st_mode) &&
	    is_dead(fd, &opened, held) &&
	    fstatat(dirfd, temp, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	    is_same(&named, &opened))
		unlinkat(dirfd, temp, 0);
	close(fd);
}

/* The name that a temporary file was to get is one that is asked for. */
static bool
is_for(const char *temp, const char *name, bool (*is_own)(const char *name))
{
	char begin[NAME_MAX + 1];
	size_t len;

	if (!ends_as_temp(temp))
		return false;
	if (name != NULL) {
		temp_begin(name, begin);
		return strncmp(temp, begin, strlen(begin)) == 0;
	}
	len = strlen(temp + 1) - (sizeof(MARK) - 1) - RANDOM;
	memcpy(begin, temp + 1, len);
	begin[len] = '\0';
	return is_own(begin);
}

static void
sweep(int dirfd, const char *name, bool (*is_own)(const char *name), int held)
{
	DIR *dir = files_list(dirfd);
	const struct dirent *entry;

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		if (is_for(entry->d_name, name, is_own))
			remove_if_dead(dirfd, entry->d_name, held);
	}
	closedir(dir);
}

void
bundle_save_sweep(int dirfd, const char *name, int held)
{
	sweep(dirfd, name, NULL, held);
}

void
bundle_save_sweep_all(int dirfd, bool (*is_own)(const char *name))
{
	sweep(dirfd, NULL, is_own, -1);
}

int
bundle_save_sync(int dirfd)
{
	/* Some filesystems have nothing to sync, and say so. */
	return fsync(dirfd) < 0 && errno != EINVAL ? -errno : 0;
}
