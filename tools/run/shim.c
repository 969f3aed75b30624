#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "say.h"

/* Where this launcher is; "" if the kernel does not say. */
static void
own_directory(char dir[PATH_MAX])
{
	const ssize_t n = readlink("/proc/self/exe", dir, PATH_MAX - 1);
	char *slash;

	dir[n > 0 ? n : 0] = '\0';
	slash = strrchr(dir, '/');
	if (slash != NULL)
		*slash = '\0';
	else
		dir[0] = '\0';
}

static bool
is_build_tree(const char *dir)
{
	const char *slash = strrchr(dir, '/');

	return slash != NULL && strcmp(slash, "/tools") == 0;
}

/* A negative errno: -ENOENT if there is none. */
static int
try_in(struct shim *out, const char *dir, const char *below)
{
	char path[PATH_MAX];
	int fd, rc;

	if (snprintf(path, PATH_MAX, "%s%s/" SHIM_NAME, dir, below) >= PATH_MAX)
		return -ENAMETOOLONG;
	if (realpath(path, out->path) == NULL)
		return -errno;
	fd = open(out->path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return -errno;
	rc = elf_file_read(fd, &out->elf);
	close(fd);
	return rc;
}

int
shim_find(struct shim *out)
{
	char dir[PATH_MAX];
	int rc = -ENOENT;

	own_directory(dir);
	if (is_build_tree(dir))
		rc = try_in(out, dir, "/../shim");
	if (rc == -ENOENT && dir[0] != '\0')
		rc = try_in(out, dir, "/" RUN_SHIM_FROM_BIN);
	if (rc == -ENOENT)
		rc = try_in(out, RUN_SHIM_DIR, "");
	if (rc == 0)
		return DONE;
	if (rc == -ENOENT)
		return say(OWN,
		    SHIM_NAME " is not there: neither in %s/" RUN_SHIM_FROM_BIN
		              " nor in " RUN_SHIM_DIR "; install libzsock "
		              "again, as a whole",
		    dir);
	return say(OWN, "%s cannot be used: %s; install libzsock again",
	    out->path,
	    rc == -ENOEXEC || rc == -EINVAL ? "it is no library"
	                                    : strerror(-rc));
}

int
shim_core(const struct shim *shim, char path[PATH_MAX])
{
	const char *slash = strrchr(shim->path, '/');

	if (snprintf(path, PATH_MAX, "%.*s/" SHIM_CORE_NAME,
	        (int)(slash - shim->path), shim->path) >= PATH_MAX)
		errno = ENAMETOOLONG;
	else if (access(path, R_OK) == 0)
		return DONE;
	return say(OWN, "%s: %s; install libzsock again, as a whole", path,
	    strerror(errno));
}
