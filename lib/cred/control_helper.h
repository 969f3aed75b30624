#ifndef CRED_CONTROL_HELPER_H
#define CRED_CONTROL_HELPER_H

#include <stdbool.h>

/*
 * A thread in the program's table of descriptors, for one that may have a table
 * of its own: there stderr is another, and a socket of the program's of which
 * it gave the last reference back would close a number that is not the socket's.
 * And it waits for whoever reads the log, so that the other has not to.
 */

/* From now on the calling thread's lines go to the helper, which is there. */
void control_helper_away(void);

/*
 * Calls fn in the program's table, and returns when it has; false: the helper
 * is busy, with a log that nobody reads, say.
 */
bool control_helper_call(void (*fn)(void *arg), void *arg);

/* Starts the helper; 0 or a negative errno. */
int control_helper_start(void);
/* Lets it write what it has, for a second at most, and ends it. */
void control_helper_stop(void);

/* Hold its lock across a fork; a child has neither lines nor a helper. */
void control_helper_freeze(void);
void control_helper_thaw(void);
void control_helper_forked(void);

#endif
