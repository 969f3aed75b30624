#include "base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int
files_write(int fd, const void *data, size_t len)
{
	const char *at = data;
	ssize_t n;

	while (len > 0) {
		n = write(fd, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

DIR *
files_list(int dirfd)
{
	const int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	const int err = errno;

	if (dir == NULL && fd >= 0)
		(void)close(fd); /* it was only opened */
	errno = err;
	return dir;
}

int
files_open_dir(const char *path, size_t dir_len)
{
	char *dir =
	    strndup(dir_len > 0 ? path : ".", dir_len > 0 ? dir_len : 1);
	int fd;

	if (dir == NULL)
		return -ENOMEM;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(dir);
	return fd >= 0 ? fd : -errno;
}

/* Not every filesystem has the first (NFS), nor the second (FAT). */
int
files_rename_new(int dirfd, const char *from, const char *to)
{
	const unsigned noreplace = 1; /* RENAME_NOREPLACE, not in each libc */

	if (syscall(SYS_renameat2, dirfd, from, dirfd, to, noreplace) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -errno;
	if (linkat(dirfd, from, dirfd, to, 0) < 0)
		return -errno;
	(void)unlinkat(dirfd, from, 0); /* or a sweep finds it */
	return 0;
}
