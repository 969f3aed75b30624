#ifndef SUPPORT_SCRATCH_H
#define SUPPORT_SCRATCH_H

#include <stddef.h>
#include <sys/types.h>

/*
 * Files of a test's own, in a new directory that is the current one from enter
 * to leave, which removes it with all that is in it.  A step that cannot be taken
 * fails the test.  Both are for a test's setup and teardown.
 */
int scratch_enter(void **state);
int scratch_leave(void **state);

void scratch_write(const char *path, const void *data, size_t len, mode_t mode);
void scratch_text(const char *path, const char *text, mode_t mode);

/* All of a file, with a NUL behind; freed by the caller. */
char *scratch_read(const char *path, size_t *len);

/* It has this text, and nothing else. */
void scratch_has(const char *path, const char *text);

/* The permission bits of a file. */
unsigned scratch_mode(const char *path);

/* The names in a directory, sorted and with a blank behind each. */
const char *scratch_names(const char *path);

/* The worked example of zsock-credentials(5); freed by the caller. */
char *scratch_example(size_t *len);

#endif
