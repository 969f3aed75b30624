#ifndef SOCK_NAMES_H
#define SOCK_NAMES_H

#include <stdbool.h>

#include "sock/sock.h"

/*
 * Several numbers that stand for one socket, where numbers are the kernel's:
 * what dup makes.  Each number is a descriptor of the kernel's own, so poll and
 * epoll are right about all of them, and the socket works on one more that no
 * number shows: it stays when any of them is closed.  With one number the
 * socket works on that.
 *
 * Results are >= 0 or a negative errno.
 */

/* Has a socket ever worked on a descriptor that no number shows? */
extern atomic_bool names_hide_some;

/* Another number for the socket sock, not below least; exec keeps it or not. */
int names_dup(int sock, int least, bool cloexec);

/*
 * n is a descriptor of the same socket of the kernel's that sock works on, made
 * before sock was one of ours: it stands for sock from now on.
 */
int names_share(int sock, int n);

/*
 * to stands for the socket sock from now on, whatever it was: another socket of
 * ours is closed first.  They are not the same number.
 */
int names_dup_onto(int sock, int to, bool cloexec);

/*
 * sock has just become a secure socket's number: if a stream of the C library's
 * has it as well, the kernel's descriptor there becomes another one.
 */
int names_hide(int sock);

/*
 * Takes the number from whichever socket has it, which is closed if it was the
 * last; the kernel's descriptor stays there, to be put another one over.
 */
int names_vacate(int to);

/*
 * The number sock is taken from s, which fdtable_remove has answered: closes
 * the number, and with the last one the socket.
 */
void names_end(struct zsock *s, int sock);

/*
 * The number has been closed past the library and may be another file's: it is
 * left alone, and with the last one the socket ends.
 */
void names_forget(int sock);

/*
 * The same for a number that fdtable_remove has taken from s; the table's
 * reference stays the caller's.  Takes no lock.
 */
void names_lose(struct zsock *s, int sock);

/* Hold the lock across a fork. */
void names_freeze(void);
void names_thaw(void);

/*
 * A thread was cancelled in a call on s: gives back what it had there, the
 * call's reference and the caller's.
 */
void names_forsake(struct zsock *s);

#endif
