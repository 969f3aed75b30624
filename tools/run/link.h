#ifndef RUN_LINK_H
#define RUN_LINK_H

#include <limits.h>

/*
 * A name of path, which is absolute, that LD_PRELOAD can have: the loader
 * separates names at blanks and colons, and replaces what follows a "$".  It is
 * path itself, or one through a symbolic link to its directory.  Returns an
 * outcome, and has said why unless it is DONE.
 */
int link_safe(const char *path, char out[PATH_MAX]);

#endif
