#ifndef SWEEP_TURNS_H
#define SWEEP_TURNS_H

#include <poll.h>
#include <stdbool.h>

/*
 * Both ends of a connection, each in blocking calls and in a thread of its own,
 * of which only one runs at a time: it goes on until it would sleep.  So every
 * run makes the same calls in the same order.  If neither can go on, time itself
 * does, to the first of what they wait for: nothing is waited out, and two that
 * wait without end are found at once.
 */

/* Runs both, sides 0 and 1, until both have returned. */
void turns_run(void (*left)(void *arg), void (*right)(void *arg), void *arg);

/* poll(2) for the one that runs; that is all that may sleep. */
int turns_poll(struct pollfd *fds, nfds_t n, int timeout_ms);

/* Whose turn it is, and whether the other has returned. */
int turns_side(void);
bool turns_alone(void);

/* The other goes on first, if it can. */
void turns_pass(void);

/* Something was done that the other may wait for. */
void turns_moved(void);

/* What is being run, for the message if it hangs. */
extern char turns_what[200];

#endif
