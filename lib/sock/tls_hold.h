#ifndef SOCK_TLS_HOLD_H
#define SOCK_TLS_HOLD_H

#include "sock/tls_sock.h"

/*
 * Where the program has the kernel's descriptor of a secure stream, it may wait
 * for it by any call of the kernel's.  That is right if the kernel has
 * something to read just as long as the stream has.  So input is taken in only
 * as far as its data have room at once; of a record that has more, the last
 * byte is looked at and left in the kernel's queue until all else is read.
 *
 * All of this needs the lock.
 */

/* Is that so?  Constant for a socket's life. */
bool tls_hold_wanted(void);

/*
 * Takes in what comes, for a caller who has room for so many bytes of data; as
 * tls_wait_fill_locked.
 */
int tls_hold_fill_locked(struct tls_sock *t, size_t room);

/* Data were read: a byte that was left is taken if nothing more is there. */
void tls_hold_read_locked(struct tls_sock *t);

/*
 * The stream has ended, or failed: from now on the kernel's descriptor is
 * readable for ever, as one whose peer has closed it.
 */
void tls_hold_end_locked(struct tls_sock *t);

/*
 * How many of len bytes the kernel is sure to take as records, now: none would
 * wait in the ring, of which the kernel's readiness knows nothing.  A lower
 * bound that is asked for seldom; 0 is not enough for a record.
 */
size_t tls_hold_room_locked(struct tls_sock *t, size_t len);

/* n bytes have been given to the kernel. */
void tls_hold_sent_locked(struct tls_sock *t, size_t n);

#endif
