#include "sweep/turns.h"

#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "sweep/heap.h"

/* How long the kernel may take to carry something from one to the other. */
#define CARRY_MS 100

/* After so many jumps of time nothing is on its way. */
#define JUMPS 4

/* Of two that wait without end. */
#define HANG_LOOKS 100

char turns_what[200];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed[2] = { PTHREAD_COND_INITIALIZER,
	PTHREAD_COND_INITIALIZER };
static struct {
	int turn;
	bool done[2];
	int64_t until[2]; /* in ns of the library's clock; INT64_MAX: never */
	int vain;         /* waits in a row that have found nothing */
	int looks;
	int jumps; /* of time, in a row, since anything was done */
	void (*job)(void *arg);
	void *arg;
	bool begun;
	pthread_t worker;
} now;

static _Thread_local int side;

/* How far the clocks of this program are ahead. */
static int64_t ahead_ns;

static int64_t
real_ns(clockid_t id)
{
	struct timespec ts;

	(void)syscall(SYS_clock_gettime, id, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	int64_t ns;

	if (id != CLOCK_MONOTONIC && id != CLOCK_MONOTONIC_COARSE)
		return (int)syscall(SYS_clock_gettime, id, ts);
	ns = real_ns(id) + ahead_ns;
	ts->tv_sec = ns / 1000000000;
	ts->tv_nsec = ns % 1000000000;
	return 0;
}

/* OpenSSL's clock of DTLS. */
int
gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	const int64_t ns = real_ns(CLOCK_REALTIME) + ahead_ns;

	(void)tz;
	tv->tv_sec = ns / 1000000000;
	tv->tv_usec = ns % 1000000000 / 1000;
	return 0;
}

int
turns_side(void)
{
	return side;
}

bool
turns_alone(void)
{
	return now.done[!side] || now.job == NULL;
}

void
turns_moved(void)
{
	now.vain = now.looks = now.jumps = 0;
}

/* The other's turn, until it is this one's again. */
static void
yield(void)
{
	pthread_mutex_lock(&lock);
	now.turn = !side;
	pthread_cond_signal(&changed[!side]);
	while (now.turn != side)
		pthread_cond_wait(&changed[side], &lock);
	pthread_mutex_unlock(&lock);
}

void
turns_pass(void)
{
	if (!turns_alone())
		yield();
}

static void
finish(void)
{
	pthread_mutex_lock(&lock);
	now.done[side] = true;
	now.vain = now.looks = 0;
	now.turn = now.done[!side] ? 0 : !side;
	pthread_cond_signal(&changed[now.turn]);
	pthread_mutex_unlock(&lock);
}

static void *
work(void *arg)
{
	(void)arg;
	side = 1;
	heap_side(1);
	for (;;) {
		pthread_mutex_lock(&lock);
		while (now.turn != 1 || now.done[1])
			pthread_cond_wait(&changed[1], &lock);
		pthread_mutex_unlock(&lock);
		now.job(now.arg);
		finish();
	}
	return NULL;
}

void
turns_run(void (*left)(void *arg), void (*right)(void *arg), void *arg)
{
	if (!now.begun) {
		now.done[1] = true;
		if (pthread_create(&now.worker, NULL, work, NULL) != 0)
			abort();
		now.begun = true;
	}
	pthread_mutex_lock(&lock);
	now.job = right;
	now.arg = arg;
	now.done[0] = now.done[1] = false;
	now.until[0] = now.until[1] = INT64_MAX;
	now.vain = now.looks = 0;
	now.turn = 0;
	pthread_mutex_unlock(&lock);
	left(arg);
	finish();
	pthread_mutex_lock(&lock);
	while (now.turn != 0 || !now.done[1])
		pthread_cond_wait(&changed[0], &lock);
	now.job = NULL;
	pthread_mutex_unlock(&lock);
}

static _Noreturn void
hang(void)
{
	fprintf(stderr, "%s: side %d waits without end%s\n", turns_what, side,
	    turns_alone() ? ", and the other is done"
	                  : ", and so does the other");
	abort();
}

/*
 * Neither has anything to do.  True: this one's time is over, for it is the
 * first of the two.
 */
static bool
time_goes_on(int64_t at_ns)
{
	if (at_ns == INT64_MAX &&
	    (turns_alone() || now.until[!side] == at_ns)) {
		if (++now.looks > HANG_LOOKS)
			hang();
		return false;
	}
	if (!turns_alone() && now.until[!side] < at_ns)
		return false;
	ahead_ns += at_ns - (real_ns(CLOCK_MONOTONIC) + ahead_ns);
	now.vain = now.looks = 0;
	now.jumps++;
	return true;
}

/* Before time goes on.  What has not come by now will not. */
static int
patience_ms(void)
{
	if (now.jumps >= JUMPS)
		return 0;
	return turns_alone() ? 1 : CARRY_MS;
}

int
turns_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	const int64_t at_ns = timeout_ms < 0 ? INT64_MAX
	                                     : real_ns(CLOCK_MONOTONIC) +
	        ahead_ns + (int64_t)timeout_ms * 1000000;
	int rc;

	now.until[side] = at_ns;
	for (;;) {
		rc = poll(fds, n, 0);
		if (rc != 0 || timeout_ms == 0)
			break;
		if (now.vain++ < 2 && !turns_alone()) {
			yield();
			continue;
		}
		rc = n > 0 ? poll(fds, n, patience_ms()) : 0;
		if (rc != 0)
			break;
		if (time_goes_on(at_ns))
			return 0;
		if (!turns_alone())
			yield();
	}
	if (rc != 0)
		turns_moved();
	return rc;
}
