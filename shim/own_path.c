#include "shim/own_path.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Puts name in the place of the last part of path. */
static int
put_beside(char path[PATH_MAX], const char *name)
{
	const size_t size = strlen(name) + 1;
	char *slash = strrchr(path, '/');

	if (slash == NULL || (size_t)(slash + 1 - path) + size > PATH_MAX)
		return -ENOENT;
	memcpy(slash + 1, name, size);
	return access(path, R_OK) == 0 ? 0 : -ENOENT;
}

/* The file that is mapped at address, by the kernel's list. */
static int
mapped_at(const void *address, char path[PATH_MAX])
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[PATH_MAX + 128];
	unsigned long first, end;
	int rc = -ENOENT;
	char *name;

	if (maps == NULL)
		return -ENOENT;
	while (rc < 0 && fgets(line, sizeof(line), maps) != NULL) {
		if (sscanf(line, "%lx-%lx", &first, &end) != 2 ||
		    (unsigned long)address < first ||
		    (unsigned long)address >= end)
			continue;
		name = strchr(line, '/');
		if (name == NULL)
			break;
		name[strcspn(name, "\n")] = '\0';
		if (strlen(name) < PATH_MAX) {
			memcpy(path, name, strlen(name) + 1);
			rc = 0;
		}
	}
	(void)fclose(maps); /* it was only read */
	return rc;
}

int
own_path_beside(const char *name, char path[PATH_MAX])
{
	static const char here;
	Dl_info own;

	if (dladdr(&here, &own) != 0 && realpath(own.dli_fname, path) != NULL &&
	    put_beside(path, name) == 0)
		return 0;
	/* By a link that is there no longer. */
	if (mapped_at(&here, path) < 0)
		return -ENOENT;
	return put_beside(path, name);
}
