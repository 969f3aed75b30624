#ifndef SOCK_WAKE_H
#define SOCK_WAKE_H

/*
 * What poll_sockets can wait for besides sockets: a number of its own in the
 * fd table, hidden from the program and counted by no limit, that is readable
 * once it was woken.  All are safe from any thread, and none blocks.
 */

/* The number, or a negative errno. */
int wake_open(void);
void wake_close(int sock);

/* Readable from now on, until it is cleared. */
void wake_up(int sock);
void wake_clear(int sock);

#endif
