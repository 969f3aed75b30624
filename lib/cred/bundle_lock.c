#include "cred/bundle_lock.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/file.h>
#include <time.h>

#include "cred/bundle_disk.h"

/* A lock is held for about as long as a disk takes to write a file. */
#define PAUSE_MIN_US 1000u
#define PAUSE_MAX_US 5000u

int bundle_lock_ms = 10000;

/*
 * No two wait in step, so that of several each has its turn: the low digits of
 * the clock are as good as dice for it.
 */
static void
pause_for(unsigned most_us)
{
	const unsigned dice = (unsigned)(deadline_now_ns() / 100 % 1000);
	const unsigned us =
	    PAUSE_MIN_US + (most_us - PAUSE_MIN_US) / 1000u * dice;
	const struct timespec t = { 0, (long)us * 1000 };

	(void)nanosleep(&t, NULL); /* a signal only makes it shorter */
}

/*
 * The kernel's own queue has no end: one reader who holds a shared lock, or one
 * writer who was stopped, would hold up everybody.
 */
int
bundle_lock(int fd, struct deadline until)
{
	unsigned most = PAUSE_MIN_US * 2;

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return -errno;
		if (deadline_left_ms(until) == 0)
			return -ETIMEDOUT;
		pause_for(most);
		if (most < PAUSE_MAX_US)
			most += PAUSE_MIN_US;
	}
	return 0;
}

int
bundle_lock_fail(struct bundle_file_error *e, const char *path)
{
	return bundle_disk_fail(e, -ETIMEDOUT, path,
	    "another process has held its lock for %g seconds, and nothing is "
	    "changed; \"lslocks\" tells which: let it end, or end it",
	    bundle_lock_ms / 1000.0);
}
