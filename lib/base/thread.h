#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>

/*
 * Runs fn in a thread of the library's own, which nobody joins, and in which
 * all signals are blocked: the program's are for its own threads.  Returns 0 or
 * a negative errno.
 */
int thread_start(void *(*fn)(void *), void *arg);

/* The same, for a thread that somebody will join. */
int thread_start_joinable(pthread_t *thread, void *(*fn)(void *), void *arg);

#endif
