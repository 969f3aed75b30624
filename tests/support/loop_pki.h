#ifndef SUPPORT_LOOP_PKI_H
#define SUPPORT_LOOP_PKI_H

#include <poll.h>

#include "support/loop.h"

/*
 * What a test of TLS connections by numbers begins with: a PKI, of which the CA
 * and the server are in the store under loop.h's tags.
 */
extern struct pki loop_pki;

/* For a group of tests. */
int loop_setup(void **state);
int loop_teardown(void **state);

/* recv, send and poll of a number: 0 or more, or -errno. */
ssize_t loop_receive(int sock, void *buf, size_t len, int flags);
ssize_t loop_transmit(int sock, const void *buf, size_t len, int flags);
short loop_readiness(int sock, short events, int timeout_ms);

#endif
