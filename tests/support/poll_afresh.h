#ifndef SUPPORT_POLL_AFRESH_H
#define SUPPORT_POLL_AFRESH_H

#include <poll.h>

#define POLL_AFRESH_MOST 8

/*
 * Polls without waiting, in this thread, which may remember its last poll, and
 * in a new one, which cannot.  Both have to answer the same; that is returned.
 */
int poll_afresh(struct pollfd *fds, nfds_t n);

/* A datagram socket of the library, and one that has sent itself a byte. */
int poll_afresh_calm(void);
int poll_afresh_ready(void);

#endif
