#ifndef RUN_PROGRAM_H
#define RUN_PROGRAM_H

#include <limits.h>

#include "elf_file.h"

/* What is executed, and what then really runs: an interpreter, for a script. */
struct program {
	char path[PATH_MAX];
	char elf_path[PATH_MAX];
	struct elf_file elf;
};

/*
 * Finds name, as execvp does with these paths, and looks whether a library like
 * this one can be preloaded into it.  Returns an outcome, and has said why
 * unless it is DONE.
 */
int program_find(const char *name, const char *paths,
    const struct elf_file *library, struct program *out);

#endif
