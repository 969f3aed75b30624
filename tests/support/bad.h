#ifndef SUPPORT_BAD_H
#define SUPPORT_BAD_H

#include <stddef.h>

#include <zephyr/net/socket.h>

#include "base/profile.h"

/*
 * Tests of bad input: each line is a call and the errno that its header
 * documents for it, 0 for success, in the three profiles.
 */
#define BAD(call, zephyr, zephyr_3_3, host) \
	(errno = 0, \
	    bad_check(#call, (long)(call), (zephyr), (zephyr_3_3), (host)))

/* The same in all of them; and the kernel's own in the linux profile. */
#define BAD_ALL(call, want) BAD(call, want, want, want)
#define BAD_HOST(call, device, host) BAD(call, device, device, host)

/* NULL where the device would crash, or checks by itself. */
#define BAD_NULL(call) BAD_HOST(call, EINVAL, EFAULT)

/*
 * Compares what a call has answered, -1 and errno or a negative errno, with
 * what the profile in force wants.  A difference is printed, and fails the test
 * when it is over, so that one run shows them all.
 */
void bad_check(const char *call, long result, int zephyr, int zephyr_3_3,
    int host);

/* A socket of each kind, new for each test. */
struct bad_world {
	int tcp, peer, listener; /* a connection, with a byte for either end */
	int fresh;               /* a new stream */
	int udp;                 /* bound, with a datagram for it */
	int tls;                 /* new */
	int pair, other;         /* a socketpair, with a byte for either end */
	int event;               /* an eventfd of 1, non-blocking */
	struct net_sockaddr_in in; /* the listener's address */
	struct net_sockaddr_in6 in6;
};

extern struct bad_world bad;

/* All but the last are socket numbers; they end with -1. */
const int *bad_sockets(void);

struct bad_test {
	const char *name;
	void (*run)(void);
};

/* Runs each in each profile; the program's exit status. */
int bad_run(const char *group, const struct bad_test *tests, size_t n);

#endif
