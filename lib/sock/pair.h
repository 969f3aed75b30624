#ifndef SOCK_PAIR_H
#define SOCK_PAIR_H

#include "sock/sock.h"

/*
 * Two sockets that are connected with each other; sv gets their numbers, and
 * is left alone on failure.  In this order: -EAFNOSUPPORT unless family is
 * AF_UNIX, -EPROTOTYPE unless type is SOCK_STREAM, -EPROTONOSUPPORT unless
 * proto is 0, -EFAULT if sv is NULL, -ENOMEM (memory, or LIMIT_PAIRS), -ENFILE
 * (numbers, or the kernel's descriptors).  In the linux profile the kernel
 * looks at the arguments and answers.
 *
 * What the ends do is in include/zephyr/net/socket.h.
 */
int call_socketpair(int family, int type, int proto, int sv[2]);

/*
 * The two halves of call_socketpair, without numbers: the device's ends, and
 * for the linux profile a plain pair of the kernel's.  Both sockets are in out
 * on success, each with one reference.
 */
int pair_open_ends(struct zsock *out[2]);
int pair_open_kernel(int family, int type, int proto, struct zsock *out[2]);

#endif
