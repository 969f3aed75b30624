#ifndef SOCK_PAIR_END_H
#define SOCK_PAIR_END_H

#include <stdint.h>

#include "sock/sock.h"

/*
 * One end of a socketpair of the device's.
 *
 * The bytes lie in a stream pair of the kernel's, which also says what there
 * is to read and that the peer is gone.  What it cannot say is when the device
 * would have room: its buffer is a few bytes, the kernel's is hundreds of
 * messages.  So each end has a counter of the bytes that it may still send, an
 * eventfd.  A sender takes bytes out of it first and the reader puts back what
 * it has read: counter, bytes on their way and bytes in the kernel's queue are
 * always the whole buffer.  The counter is readable exactly while there is
 * room, so that a blocked sender, and poll, sleep in the kernel until the
 * reader has read; no lock and no shared memory is needed, and it works as
 * well if one end has gone to a child process.
 */

/* The two ends' common property. */
struct pair {
	atomic_int ends; /* not yet destroyed */
	int size;        /* of the buffer each way, in bytes */
	int room[2];     /* eventfds: bytes that this end may send */
};

/* All but choked is constant. */
struct end {
	struct zsock base;
	struct pair *pair;
	int room;           /* bytes that this end may send */
	int freed;          /* the peer's, to which reading adds */
	atomic_bool choked; /* there is room, but the kernel takes no more */
};

/* It cannot fail: a counter never has more than the buffer's size. */
void pair_end_give(int room, uint64_t n);

/* All bytes of the buffers, or -EINVAL if one is NULL or they are too many. */
ssize_t pair_end_measure(const struct msghdr *m);

/* The operation: sleeps until there is room, or the peer is gone. */
ssize_t pair_end_sendmsg(struct zsock *s, const struct msghdr *m, int flags);

#endif
