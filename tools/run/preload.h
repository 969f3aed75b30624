#ifndef RUN_PRELOAD_H
#define RUN_PRELOAD_H

#include "program.h"
#include "shim.h"
#include "vars.h"

/*
 * Puts the library into LD_PRELOAD, before what is there, and the run time of a
 * sanitizer that the program has before both, which would not run otherwise.
 * Has made sure that the loader will load it.  Returns an outcome, and has said
 * why unless it is DONE.
 */
int preload_set(const struct shim *shim, const struct program *p,
    struct vars *vars);

#endif
