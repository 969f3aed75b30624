#ifndef SOCK_POLL_ROOM_H
#define SOCK_POLL_ROOM_H

#include <poll.h>
#include <stdbool.h>

#include "sock/sock.h"

/* What one call works with; kept for the thread's next call. */
struct poll_room {
	nfds_t n;
	bool nested;  /* the thread's own is in use: freed after the call */
	bool touched; /* an entry is not all zero, as they are between calls */
	struct poll_entry {
		struct zsock *held; /* a reference, or NULL */
		short ready;        /* without asking the kernel */
		bool foreign;       /* not ours: POLLNVAL */
		bool kernels;       /* not ours: what the kernel says */
		bool told_fin;      /* POLLRDHUP came and was of no use */
		nfds_t also;        /* the second descriptor's place, or 0 */
	} * entries;
	struct pollfd *kfds; /* one an entry, then the second ones */
	nfds_t used;         /* of kfds */
	/* What kfds is still right for, as fdtable_poll_changes was then. */
	struct pollfd *known;
	nfds_t nknown; /* entries, or 0 */
	unsigned long long changes;
};

/* Room for n entries that is this call's until poll_room_put, or NULL. */
struct poll_room *poll_room_get(nfds_t n);
void poll_room_put(struct poll_room *r);

#endif
