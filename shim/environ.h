#ifndef SHIM_ENVIRON_H
#define SHIM_ENVIRON_H

/*
 * The environment without getenv: also when libc has not set it up yet.
 */

/*
 * Copies every variable of ours, for a program may clear its environment or
 * write over the room that it is in.  NAME=VALUE and a NULL behind them; NULL
 * without memory.  To be called once, before the others.
 */
const char *const *environ_keep(void);

/* Its value, one of those kept, or NULL if it is unset or empty. */
const char *environ_get(const char *name);

/*
 * Takes every variable of ours out of the environment, and the library of that
 * path out of LD_PRELOAD: what is executed from now on does not have it.
 */
void environ_clean(const char *path);

/*
 * What ZSOCK_PRELOAD_FIRST names, the run time of a sanitizer that zsock-run has
 * put before this library, is for this program alone: takes it out of
 * LD_PRELOAD, and the variable out of the environment.
 */
void environ_take_first(void);

#endif
