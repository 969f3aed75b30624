#ifndef SOCK_FDTABLE_H
#define SOCK_FDTABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "sock/sock.h"

/*
 * Numbers to sockets.  Two numberings, fixed when the first number is given:
 * private (the lowest free number from the base on, usually 0), or the kernel's
 * own (a socket's number is its kfd).  Looking a number up takes no lock.
 */

/* Kernel numbering from now on; false if private numbers were given out. */
bool fdtable_use_kernel_numbers(void);

/* Is it in force? */
bool fdtable_kernel_numbers(void);

/*
 * The lowest private number, instead of ZSOCK_FD_BASE's.  -EINVAL: not 0 to
 * CONFIG_FD_BASE_MAX; -EBUSY: the numbering is fixed.
 */
int fdtable_set_base(int n);

/* Has a number been given, so that nothing above can be changed any more? */
bool fdtable_fixed(void);

/*
 * Sets a place aside before anything else is opened, so that a full table is
 * known before a connection is taken from a queue.  Returns it or -ENFILE;
 * if LIMIT_FDS is what forbids it, a log line says so.
 */
int fdtable_reserve(void);
void fdtable_cancel(int place); /* a negative one is none */

/*
 * The second number that a secure socket has on the device, which nobody sees:
 * one is set aside if LIMIT_FDS is in force, else *place is -1.  Either goes to
 * fdtable_cancel when the socket is destroyed.  0 or -ENFILE.
 */
int fdtable_reserve_inner(int *place);

/*
 * A place, in either numbering, that is not one of the program's numbers and
 * that no limit counts: for what poll must wait for besides sockets.
 */
int fdtable_reserve_hidden(void);

/*
 * Puts s in the place reserved, handing over the caller's reference.  Returns
 * its number, or -ENFILE if the kernel's number is beyond the table, in which
 * case the caller still has s and the place is cancelled.
 */
int fdtable_install(int place, struct zsock *s);

/*
 * The table itself, NULL at each empty place.  Only the functions below use it,
 * and poll, which looks at many places at once.  It is never moved, so that it
 * can be read without a lock; its pages cost memory once they are written.
 */
#define FDTABLE_CAPACITY (1 << 20)

extern _Atomic(struct zsock *) fdtable_slots[FDTABLE_CAPACITY];

/*
 * For poll, of each place whose socket's kernel can be asked as it is: the kfd,
 * shifted by FDTABLE_POLL_BITS, and the enum sock_poll.  Else 0.  Ten thousand
 * sockets would not fit into the cache, these words do.
 */
#define FDTABLE_POLL_BITS 2

extern atomic_uint fdtable_polls[FDTABLE_CAPACITY];

/* Counts on after each change of these. */
extern atomic_ullong fdtable_poll_changes;

/* Whom poll asks about s from now on. */
void fdtable_set_poll(struct zsock *s, enum sock_poll how);

/*
 * The socket without a reference, or NULL: only ops and kfd may be read, and
 * they may be another socket's by the time that they are.
 */
static inline struct zsock *
fdtable_peek(int sock)
{
	if ((unsigned)sock >= FDTABLE_CAPACITY)
		return NULL;
	return atomic_load_explicit(&fdtable_slots[sock], memory_order_acquire);
}

/*
 * The socket with a new reference, or NULL.  A reference taken on a socket that
 * was closed in between may be on another socket that has got its memory since,
 * so the place is looked at once more.
 */
static inline struct zsock *
fdtable_get(int sock)
{
	struct zsock *s;

	while ((s = fdtable_peek(sock)) != NULL) {
		if (!sock_ref(s))
			continue;
		if (fdtable_peek(sock) == s)
			return s;
		sock_put(s);
	}
	return NULL;
}

bool fdtable_owns(int sock);

/*
 * Where numbers are the kernel's: is this one a socket's, even one that is
 * closing?  It keeps its number until its descriptor is closed.
 */
bool fdtable_holds(int fd);

/*
 * Is fd none of ours, so that a call by a POSIX name is the kernel's business?
 * Only where numbers are the kernel's can that be told.  Takes no lock: it may
 * be asked in a signal handler.
 */
bool fdtable_foreign(int fd);

/* Where numbers are the kernel's: n is ours until fdtable_disown. */
void fdtable_hold(int n);

/* The lowest number of those given that fdtable_holds, but no socket's. */
int fdtable_hidden(unsigned int from, unsigned int to);

/*
 * Where numbers are the kernel's: n stands for s as well, and has the caller's
 * reference.
 */
void fdtable_share(int n, struct zsock *s);

/*
 * The same: the socket with the number from, which nobody but the caller knows,
 * has the number to, a copy of its descriptor; from is closed.
 */
void fdtable_move(int from, int to);

/* kfd is about to be closed: whoever has the number next may be anybody. */
void fdtable_disown(int kfd);

/*
 * Takes the socket out and hands the table's reference to the caller.  The
 * number is not given again before the last reference is gone.  NULL: none.
 */
struct zsock *fdtable_remove(int sock);

/* The last reference of the socket that had this number is gone. */
void fdtable_free_number(int sock);

/* Hold the table's lock across a fork. */
void fdtable_freeze(void);
void fdtable_thaw(void);

/*
 * Calls fn for each open socket, in the order of their numbers, hidden ones
 * too; s is referenced meanwhile.  What is opened or closed by other threads at
 * the same time may be missed.
 */
void fdtable_each(void (*fn)(struct zsock *s, int sock, void *arg), void *arg);

/* At most n numbers; 0 is the default, RLIMIT_NOFILE.  For tests. */
void fdtable_limit(int n);

#endif
