#ifndef RUN_CHECKS_H
#define RUN_CHECKS_H

#include "options.h"

/*
 * Is each value one that the library will take?  The files are read as it reads
 * them, and the credentials put into a store as it does, within the limits.
 * Returns an outcome, and has said why unless it is DONE.
 *
 * The library's own variables must not be in this process's environment.
 */
int checks_all(const struct options *o);

#endif
