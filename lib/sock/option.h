#ifndef SOCK_OPTION_H
#define SOCK_OPTION_H

#include "sock/sock.h"

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
	bool null_ok; /* set may be called with val NULL and any len */
	bool exact;   /* get wants *len to be max, neither less nor more */
};

/* Options whose value goes to the kernel and comes from it as it is. */
#define OPTION_KERNEL(level, name, type) \
	{ \
		level, name, sizeof(type), sizeof(type), option_kernel_set, \
		    option_kernel_get, false, false \
	}
#define OPTION_KERNEL_READ(level, name, type) \
	{ \
		level, name, sizeof(type), sizeof(type), NULL, \
		    option_kernel_get, false, true \
	}
#define OPTION_END \
	{ \
		0 \
	}

int option_kernel_set(struct zsock *s, const struct option *o, const void *val,
    socklen_t len);
int option_kernel_get(struct zsock *s, const struct option *o, void *val,
    socklen_t *len);

/*
 * Look the option up in the tables of s and check the length.  Returns 0,
 * -ENOPROTOOPT (no such option, or not in this direction), -EINVAL (a NULL or
 * a length that the option does not take) or what the row answers; on an
 * eventfd -EOPNOTSUPP, or -ENOTSOCK in the linux profile.  A refusal is a line
 * of the log: a warning for TLS options, else of level debug.
 */
int option_set(struct zsock *s, int level, int name, const void *val,
    socklen_t len);
int option_get(struct zsock *s, int level, int name, void *val, socklen_t *len);

#endif
