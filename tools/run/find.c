#include "find.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"

/* What execvp searches in without a PATH. */
#define PATHS_DEFAULT "/bin:/usr/bin"

/* 0 or an errno, as execve would answer. */
static int
may_run(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return errno;
	if (S_ISDIR(st.st_mode))
		return EISDIR;
	if (!S_ISREG(st.st_mode))
		return EACCES;
	return eaccess(path, X_OK) < 0 ? errno : 0;
}

static bool
is_absent(int error)
{
	return error == ENOENT || error == ENOTDIR;
}

static int
outcome_of(int error)
{
	errno = error;
	if (error == 0)
		return DONE;
	return is_absent(error) ? ABSENT : CANNOT;
}

/* One of the directories; "" is the one at hand. */
static int
try_in(const char *dir, size_t len, const char *name, char path[PATH_MAX])
{
	const int n = snprintf(path, PATH_MAX, "%.*s%s/%s", (int)len, dir,
	    len == 0 ? "." : "", name);

	return n < PATH_MAX ? may_run(path) : ENAMETOOLONG;
}

static int
search(const char *name, const char *paths, char path[PATH_MAX])
{
	int error = ENOENT, seen = 0;
	size_t len;

	for (;; paths += len + 1) {
		len = strcspn(paths, ":");
		error = len < PATH_MAX ? try_in(paths, len, name, path)
		                       : ENAMETOOLONG;
		if (error == 0)
			return DONE;
		if (seen == 0 && !is_absent(error))
			seen = error;
		if (paths[len] == '\0')
			return outcome_of(seen != 0 ? seen : ENOENT);
	}
}

int
find_program(const char *name, const char *paths, char path[PATH_MAX])
{
	if (paths == NULL)
		paths = PATHS_DEFAULT;
	if (*name == '\0')
		return outcome_of(ENOENT);
	if (strlen(name) >= PATH_MAX)
		return outcome_of(ENAMETOOLONG);
	if (strchr(name, '/') == NULL)
		return search(name, paths, path);
	memcpy(path, name, strlen(name) + 1);
	return outcome_of(may_run(path));
}
