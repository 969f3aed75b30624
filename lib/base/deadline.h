#ifndef BASE_DEADLINE_H
#define BASE_DEADLINE_H

#include <limits.h>
#include <stdint.h>
#include <time.h>

/*
 * A point on the monotonic clock, in nanoseconds.  Waits that may be woken
 * early are bounded by a deadline, never by a duration that starts anew.
 */
struct deadline {
	int64_t at_ns;
};

#define DEADLINE_NEVER ((struct deadline){ INT64_MAX })

static inline int64_t
deadline_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* The same within a few milliseconds, for much less: never ahead of it. */
static inline int64_t
deadline_coarse_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* A negative ms means never. */
static inline struct deadline
deadline_in_ms(int64_t ms)
{
	if (ms < 0)
		return DEADLINE_NEVER;
	return (struct deadline){ deadline_now_ns() + ms * 1000000 };
}

/*
 * What is left as poll(2) wants it: milliseconds, rounded up so that a wait
 * never ends before the deadline; 0 once it has passed, -1 for never.
 */
static inline int
deadline_left_ms(struct deadline d)
{
	int64_t left;

	if (d.at_ns == INT64_MAX)
		return -1;
	left = d.at_ns - deadline_now_ns();
	if (left <= 0)
		return 0;
	left = (left + 999999) / 1000000;
	return left > INT_MAX ? INT_MAX : (int)left;
}

#endif
