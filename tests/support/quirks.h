#ifndef SUPPORT_QUIRKS_H
#define SUPPORT_QUIRKS_H

#include <zephyr/net/socket.h>

#include "base/profile.h"

/*
 * Tests of base/quirks.def: a row per quirk, with a probe that says what the
 * library does, and the value that each profile is expected to show.  The
 * expectations are the test's own, so a slip in the table fails too.
 */
struct quirk_case {
	const char *name;
	enum quirk quirk;
	/* In the table's units: an errno, 0 for success, 1 for yes. */
	int (*probe)(void);
	int want[PROFILE_COUNT];
};

/* Runs every cell as a test of its own; the program's exit status. */
int quirks_run(const char *group, const struct quirk_case *cases, size_t n);

/* What one profile does in one situation; check fails the test if not. */
struct quirks_test {
	const char *name;
	void (*check)(void);
};

/* Runs each of them under that profile; the program's exit status. */
int quirks_run_tests(const char *group, enum profile p,
    const struct quirks_test *tests, size_t n);

/* Far longer than anything takes, and far shorter than a person's patience. */
#define QUIRKS_FAR_MS 10000

/* The errno of a call that failed, or 0: its result is -1 or not. */
int quirks_errno(long result);

/* Sockets on loopback; all of them are closed after each test. */
union quirks_addr {
	struct net_sockaddr any;
	struct net_sockaddr_in in;
	struct net_sockaddr_in6 in6;
};

int quirks_open(int family, int type);

/* Closes sock as well; it may be the result of a call, and must be one. */
int quirks_keep(int sock);

union quirks_addr quirks_loopback(int family, uint16_t port);
net_socklen_t quirks_len(const union quirks_addr *a);

/* Bound to loopback and a port of the kernel's choice, which is in *a. */
int quirks_bound(int type, union quirks_addr *a);
int quirks_bound_in(int family, int type, union quirks_addr *a);
int quirks_listener(union quirks_addr *a);

/* A connected pair of streams. */
struct quirks_link {
	int client, server, listener;
	union quirks_addr addr; /* the listener's */
};

struct quirks_link quirks_link(void);

/* Has closed it: it is not closed once more. */
void quirks_close(int sock);

/* The revents of sock when asked for events, without waiting. */
int quirks_poll(int sock, int events);

/* Waits until input, or an end, has arrived. */
void quirks_await(int sock);

void quirks_nonblock(int sock);

/* How many hazards the log has told of since the test began. */
int quirks_hazards(void);

/*
 * For tests that are not cells: begin turns the log to where quirks_log finds
 * it, end closes all sockets and takes limits and log away.
 */
int quirks_begin(void);
void quirks_end(void);

/* A line is written to the log, for a test that looks at it. */
const char *quirks_log(void);

#endif
