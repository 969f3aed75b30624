#ifndef SHIM_REFUSE_H
#define SHIM_REFUSE_H

#include <stdbool.h>

/*
 * Standard input, output and errors that are a secure connection of another
 * image of this process, whose keys are gone: what is written there would be
 * plain text on the wire.  A descriptor that can neither be read nor written
 * takes its place, and a line says so.  Leaves errno alone.
 */
void refuse_inherited(void);

/* Puts such a descriptor over fd.  0 or the negative errno. */
int refuse_cover(int fd);

#endif
