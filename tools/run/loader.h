#ifndef RUN_LOADER_H
#define RUN_LOADER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "vars.h"

/*
 * What the loader would load for a program: it is asked as ldd(1) asks it, by
 * running the loader itself, which then executes nothing of the program.
 */
struct loader {
	char *said; /* all lines of its output, each with a NUL behind */
	size_t len;
};

/*
 * interp is the program's loader, elf the program, and preload the LD_PRELOAD
 * that it is to have.  Returns an outcome, and has said why unless it is DONE.
 */
int loader_ask(const char *interp, const char *elf, const char *preload,
    const struct vars *vars, struct loader *out);
void loader_fini(struct loader *l);

/* Is the object of this path among what would be loaded? */
bool loader_loads(const struct loader *l, const char *path);

/*
 * The path of the first object whose name begins so; false if there is none.
 */
bool loader_find(const struct loader *l, const char *prefix,
    char path[PATH_MAX]);

/*
 * What it complains of this object, one line of its own words; false if it says
 * nothing.
 */
bool loader_words(const struct loader *l, const char *path,
    char words[PATH_MAX]);

#endif
