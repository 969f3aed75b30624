#ifndef BASE_THREAD_H
#define BASE_THREAD_H

/*
 * Runs fn in a thread of the library's own, which nobody joins, and in which
 * all signals are blocked: the program's are for its own threads.  Returns 0 or
 * a negative errno.
 */
int thread_start(void *(*fn)(void *), void *arg);

#endif
