#ifndef TESTS_SHIM_COVER_H
#define TESTS_SHIM_COVER_H

/*
 * Only in a build that measures its coverage: counts reach their files when a
 * program exits, and these programs also end by _exit and by exec.
 */

/* Of libgcov, a copy of which is in each library. */
void __gcov_dump(void);
void __gcov_reset(void);

/* The preload library's: the core's counts are to be written as well. */
#define COVER_ADD "cover_add"
typedef void cover_add_fn(void (*write_counts)(void));

#endif
