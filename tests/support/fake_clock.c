#include "support/fake_clock.h"

#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* Any time of day will do. */
#define START_S 1700000000

static int64_t now_ms, ahead_ms;

int64_t
fake_clock_ms(void)
{
	return now_ms;
}

void
fake_clock_advance_ms(int64_t ms)
{
	now_ms += ms;
}

void
fake_clock_monotonic_ahead_ms(int64_t ms)
{
	ahead_ms = ms;
}

int
gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	(void)tz;
	tv->tv_sec = START_S + now_ms / 1000;
	tv->tv_usec = now_ms % 1000 * 1000;
	return 0;
}

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	const long rc = syscall(SYS_clock_gettime, id, ts);

	if (rc == 0 && id == CLOCK_MONOTONIC) {
		ts->tv_sec += ahead_ms / 1000;
		ts->tv_nsec += ahead_ms % 1000 * 1000000;
		if (ts->tv_nsec >= 1000000000) {
			ts->tv_nsec -= 1000000000;
			ts->tv_sec++;
		}
	}
	return (int)rc;
}
