#ifndef SOCK_OPTION_H
#define SOCK_OPTION_H

#include "base/profile.h"
#include "sock/sock.h"

/* The directions that a profile has an option in. */
enum { OPTION_GET = 1, OPTION_SET = 2 };

/* The column of a row: the directions of each profile. */
#define OPTION_IN(zephyr, zephyr_3_3, host) \
	((zephyr) << 2 * PROFILE_ZEPHYR | \
	    (zephyr_3_3) << 2 * PROFILE_ZEPHYR_3_3 | \
	    (host) << 2 * PROFILE_LINUX)

/*
 * One row of a kind's option table.  val is len bytes and min <= len <= max
 * when set is called.  get is called with *len >= min and sets *len to what it
 * wrote.  A NULL set or get refuses that direction.
 */
struct option {
	int level, name;
	socklen_t min, max;
	int (*set)(struct zsock *s, const struct option *o, const void *val,
	    socklen_t len);
	int (*get)(struct zsock *s, const struct option *o, void *val,
	    socklen_t *len);
	bool null_ok;     /* set may be called with val NULL and any len */
	bool exact;       /* get wants *len to be max, neither less nor more */
	bool unchecked;   /* the older device writes beyond a *len too short */
	unsigned char in; /* OPTION_IN; 0 is every profile, both directions */
};

#define OPTION_END \
	{ \
		0 \
	}

/* Rows whose value goes to the kernel and comes from it as it is. */
int option_kernel_set(struct zsock *s, const struct option *o, const void *val,
    socklen_t len);
int option_kernel_get(struct zsock *s, const struct option *o, void *val,
    socklen_t *len);

/*
 * getsockopt and setsockopt of struct zsock_ops: look the option up in the tables of s, among the rows that the profile in
 * force has in this direction, and check the length.  In the linux profile an
 * option without a row is the kernel's affair, unless its number is Zephyr's
 * alone.  Returns 0, -ENOPROTOOPT (no such option, or not in this direction),
 * -EINVAL (a NULL or a length that the option does not take) or what the row
 * or the kernel answers.  A refusal is a line of the log: a warning for TLS options, else of
 * level debug.
 */
int option_set(struct zsock *s, int level, int name, const void *val,
    socklen_t len);
int option_get(struct zsock *s, int level, int name, void *val, socklen_t *len);

#endif
