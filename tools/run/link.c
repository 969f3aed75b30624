#include "link.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"

/*
 * The programs that the program executes, maybe days from now, load the library
 * by the same name.  A descriptor in /proc/self/fd would take a number that the
 * program expects to be free, and be gone with the first closefrom; a link of
 * this process would have to be removed by somebody who knows when the last of
 * them has ended.  So a link is named after the directory it leads to, is the
 * same for all, and stays; what leads nowhere is removed when another is made.
 * It leads to the directory, not to the library, which finds its other half
 * beside itself.
 */

static bool
is_safe(const char *path)
{
	return strpbrk(path, " :$") == NULL;
}

/* A directory of this user's that nobody else can enter. */
static bool
is_private(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) &&
	    st.st_uid == geteuid() && (st.st_mode & 077) == 0;
}

static int
private_directory(char *dir, size_t size)
{
	const char *run = secure_getenv("XDG_RUNTIME_DIR");
	struct stat st;
	int n;

	if (run != NULL && run[0] == '/' && is_safe(run) &&
	    stat(run, &st) == 0 && st.st_uid == geteuid())
		n = snprintf(dir, size, "%s/zsock-run", run);
	else
		n = snprintf(dir, size, "/tmp/zsock-run-%ju",
		    (uintmax_t)geteuid());
	if (n >= (int)size)
		return say(OWN, "XDG_RUNTIME_DIR is too long");
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return say(OWN, "%s cannot be made: %s", dir, strerror(errno));
	if (!is_private(dir))
		return say(OWN,
		    "%s is no directory of this user's alone; remove it, or "
		    "set XDG_RUNTIME_DIR",
		    dir);
	return DONE;
}

static void
remove_stale(const char *dir)
{
	DIR *list = opendir(dir);
	struct dirent *entry;
	struct stat st;

	if (list == NULL)
		return; /* it is only tidying up */
	while ((entry = readdir(list)) != NULL) {
		if (fstatat(dirfd(list), entry->d_name, &st,
		        AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISLNK(st.st_mode) &&
		    fstatat(dirfd(list), entry->d_name, &st, 0) < 0 &&
		    errno == ENOENT)
			(void)unlinkat(dirfd(list), entry->d_name, 0);
	}
	closedir(list);
}

static bool
leads_to(const char *link, const char *target)
{
	char is[PATH_MAX];
	const ssize_t n = readlink(link, is, sizeof(is));

	return n > 0 && (size_t)n == strlen(target) &&
	    memcmp(is, target, (size_t)n) == 0;
}

/* At one moment: another process may be executing through it. */
static int
make_link(const char *dir, const char *link, const char *target)
{
	char draft[PATH_MAX];

	if (leads_to(link, target))
		return 0;
	remove_stale(dir);
	if (snprintf(draft, sizeof(draft), "%s.%jd", link,
	        (intmax_t)getpid()) >= (int)sizeof(draft))
		return -ENAMETOOLONG;
	if (symlink(target, draft) < 0)
		return -errno;
	if (rename(draft, link) < 0) {
		const int error = errno;

		(void)unlink(draft); /* or it becomes stale */
		return -error;
	}
	return 0;
}

int
link_safe(const char *path, char out[PATH_MAX])
{
	char dir[PATH_MAX / 2], target[PATH_MAX], link[PATH_MAX];
	const char *base = strrchr(path, '/') + 1;
	struct stat st;
	int rc;

	if (is_safe(path)) {
		memcpy(out, path, strlen(path) + 1);
		return DONE;
	}
	if (!is_safe(base))
		return say(OWN,
		    "%s has a blank, a colon or a \"$\" in its own name, with "
		    "which it cannot be preloaded; rename it",
		    path);
	memcpy(target, path, (size_t)(base - path));
	target[base - path] = '\0';
	if (stat(target, &st) < 0)
		return say(OWN, "%s: %s", target, strerror(errno));
	rc = private_directory(dir, sizeof(dir));
	if (rc != DONE)
		return rc;
	(void)snprintf(link, sizeof(link), "%s/%jx-%jx", dir,
	    (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	rc = make_link(dir, link, target);
	if (rc < 0)
		return say(OWN, "%s: %s", link, strerror(-rc));
	if (snprintf(out, PATH_MAX, "%s/%s", link, base) >= PATH_MAX)
		return say(OWN, "%s: its name is too long", path);
	return DONE;
}
