#ifndef RUN_SHIM_H
#define RUN_SHIM_H

#include <limits.h>

#include "elf_file.h"

/* The preload library of this launcher. */
struct shim {
	char path[PATH_MAX]; /* absolute */
	struct elf_file elf;
};

#define SHIM_NAME "libzsock-preload.so"
#define SHIM_CORE_NAME "libzsock-core.so"

/*
 * Finds it: in the tree that this launcher was built in, beside where it is
 * installed, and where it was to be installed.  Returns an outcome, and has
 * said why unless it is DONE.
 */
int shim_find(struct shim *out);

/* The path of its other half, which is beside it; returns and says the same. */
int shim_core(const struct shim *shim, char path[PATH_MAX]);

#endif
