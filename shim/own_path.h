#ifndef SHIM_OWN_PATH_H
#define SHIM_OWN_PATH_H

#include <limits.h>

/*
 * The path of another file in the folder that this library is in, by whatever
 * links it has been found.  0 or -ENOENT.
 */
int own_path_beside(const char *name, char path[PATH_MAX]);

#endif
