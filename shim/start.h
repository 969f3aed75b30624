#ifndef SHIM_START_H
#define SHIM_START_H

#include "shim/core.h"

/*
 * The core, loaded now if it is not there yet.  NULL and ELIBACC, and one line
 * that says why, if it cannot be: then the call that wants it has to fail, for
 * what was to be secure must not be plain.
 */
const struct core *start_core(void);

#endif
