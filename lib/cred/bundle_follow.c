#include "cred/bundle_follow.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cred/bundle_disk.h"

/* The kernel follows as many. */
#define LINKS_MAX 40

size_t
bundle_follow_dir_len(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? (size_t)(slash + 1 - path) : 0;
}

static int
stat_dir(const char *path, struct stat *st)
{
	char *dir = strndup(path, bundle_follow_dir_len(path));
	int rc;

	if (dir == NULL)
		return -ENOMEM;
	rc = stat(*dir != '\0' ? dir : ".", st) < 0 ? -errno : 0;
	free(dir);
	return rc;
}

/*
 * In a directory like /tmp everybody can put a link to a file of the user's.  The
 * kernel has this rule too, but need not keep it (fs.protected_symlinks), and
 * not where it is asked for the text of a link.
 */
static int
check_link(const char *path, const struct stat *link,
    struct bundle_file_error *e)
{
	struct stat dir;
	int rc;

	rc = stat_dir(path, &dir);
	if (rc < 0)
		return bundle_disk_fail(e, rc, path, "%m");
	if (!bundle_disk_is_shared(&dir) || link->st_uid == geteuid() ||
	    link->st_uid == 0 || link->st_uid == dir.st_uid)
		return 0;
	return bundle_disk_fail(e, -EPERM, path,
	    "a symbolic link of user %u, in a directory that others can write "
	    "to; name the file that is meant, or remove the link",
	    (unsigned)link->st_uid);
}

/* The text of a link, of the length returned; 0 if path is none. */
static ssize_t
read_link(const char *path, char to[PATH_MAX], struct bundle_file_error *e)
{
	/* What is judged is what is read. */
	const int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	ssize_t n = 0;
	int rc = 0;

	if (fd < 0)
		return 0; /* opening it has the better error */
	if (fstat(fd, &st) < 0)
		rc = bundle_disk_fail(e, -errno, path, "%m");
	else if (S_ISLNK(st.st_mode))
		rc = check_link(path, &st, e);
	if (rc == 0 && S_ISLNK(st.st_mode)) {
		n = readlinkat(fd, "", to, PATH_MAX);
		if (n < 0)
			rc = bundle_disk_fail(e, -errno, path, "%m");
		else if (n == PATH_MAX)
			rc = bundle_disk_fail(e, -ENAMETOOLONG, path, "%m");
	}
	close(fd);
	return rc < 0 ? rc : n;
}

/* One link less; 1 if path is none. */
static int
follow(char **path, struct bundle_file_error *e)
{
	char to[PATH_MAX], *next;
	const ssize_t n = read_link(*path, to, e);
	size_t dir;

	if (n <= 0)
		return n < 0 ? (int)n : 1;
	dir = to[0] != '/' ? bundle_follow_dir_len(*path) : 0;
	next = malloc(dir + (size_t)n + 1);
	if (next == NULL)
		return bundle_disk_fail(e, -ENOMEM, *path, "%m");
	memcpy(next, *path, dir);
	memcpy(next + dir, to, (size_t)n);
	next[dir + (size_t)n] = '\0';
	free(*path);
	*path = next;
	return 0;
}

int
bundle_follow(const char *path, char **place, struct bundle_file_error *e)
{
	char *at = strdup(path);
	int links = 0, rc = 0;

	if (at == NULL)
		return bundle_disk_fail(e, -ENOMEM, path, "%m");
	while (rc == 0)
		rc = links++ < LINKS_MAX
		    ? follow(&at, e)
		    : bundle_disk_fail(e, -ELOOP, path, "%m");
	if (rc != 1) {
		free(at);
		return rc;
	}
	*place = at;
	return 0;
}
