#ifndef RUN_FIND_H
#define RUN_FIND_H

#include <limits.h>

/*
 * The file that execvp(3) would run for name, with paths in place of $PATH
 * unless that is NULL.  DONE; or, without a word, ABSENT, or CANNOT with errno:
 * a file of that name is there, and nobody may run it, or it is a directory.
 */
int find_program(const char *name, const char *paths, char path[PATH_MAX]);

#endif
