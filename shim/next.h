#ifndef SHIM_NEXT_H
#define SHIM_NEXT_H

/*
 * What dlsym(RTLD_NEXT, name) answers for a function of libc's: of the libraries
 * behind this one, up to libc, the first that has it; or NULL.  No memory, no
 * lock, and what dlerror has to say to the program stays.
 */
void *next_find(const char *name);

#endif
