#ifndef SUPPORT_LOSSY_H
#define SUPPORT_LOSSY_H

#include <stddef.h>

/*
 * A way between datagram sockets on which things happen: what the library
 * sends is lost, sent twice, changed, or overtaken by the next one.  It is the
 * same for the same seed, as far as threads let it.  It lies over the kernel
 * table in force, the fake one's perhaps; install it before any other thread
 * makes a call of the library.
 */
struct lossy_rates {
	unsigned lost, doubled, changed, overtaken; /* of 1000 */
	int from;        /* what this kernel socket sends, or 0: all */
	unsigned spared; /* nothing happens to the first ones */
};

/* Nothing happens yet. */
void lossy_install(void);
void lossy_remove(void);

void lossy_begin(unsigned seed, const struct lossy_rates *rates);

/* Whatever is held back is lost, and nothing happens any more. */
void lossy_end(void);

/*
 * The way carries datagrams of so many bytes, at most, and the kernel says so:
 * EMSGSIZE, and IP_MTU; 0 is no limit.
 */
void lossy_limit(size_t bytes);

#endif
