#ifndef SOCK_SHARE_H
#define SOCK_SHARE_H

#include <stdatomic.h>
#include <stdbool.h>

/*
 * A secure connection of which fork has made a copy in another process: both
 * have its keys and its counts of records, and if both went on with it, the
 * peer would see records twice.  The first process that moves bytes has it from
 * then on.
 */

/*
 * A word in memory that forked processes share, for a connection of this
 * process that is about to be forked; 0 until somebody takes it.  NULL without
 * memory.
 */
atomic_int *share_new(void);

/* For tests: there is no memory for words, or there is again. */
void share_deny(bool is);

/* Takes it for this process, if nobody has: is it this process's? */
bool share_take(atomic_int *word);

/* Who has it: a process ID, or 0. */
int share_owner(const atomic_int *word);

/* Has this process got it? */
bool share_is_ours(const atomic_int *word);

/* In a process that fork has just made. */
void share_forked(void);

#endif
