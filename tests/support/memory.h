#ifndef SUPPORT_MEMORY_H
#define SUPPORT_MEMORY_H

#include <stdbool.h>

/*
 * How many blocks of memory the whole process has, and their bytes.  A program
 * that asks has a malloc of its own, which counts; not if a sanitizer has one.
 */
extern const bool memory_counted;

long memory_blocks(void);
long memory_bytes(void);

#endif
