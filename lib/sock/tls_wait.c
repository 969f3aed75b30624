#include "sock/tls_wait.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

#include "base/err.h"
#include "base/kernel.h"
#include "base/profile.h"
#include "sock/tls_fork.h"
#include "sock/tls_hold.h"

/*
 * After so many helpings of input that hold nothing for the caller, the time is
 * looked at: a peer that sends such records without end keeps nobody for ever.
 */
#define FILLS_A_LOOK 64

/* A longer time limit is none: more than a century. */
#define LIMIT_US_MAX (INT64_MAX / 2000)

/* How long a follower that has to send as well sleeps before it looks round. */
#define FOLLOWER_MS 25

static bool
is_fatal(int error)
{
	return error != EAGAIN && error != EINTR;
}

/*
 * The kernel tells an error once, to whichever call comes first.  EPIPE is none
 * of the connection's: only that nothing can be sent.  Nor is any that a
 * datagram has met.
 */
static void
latch(struct tls_sock *t, int error)
{
	if (error != EPIPE && t->native.type == SOCK_STREAM)
		(void)native_latch(&t->native, error);
}

/* Bytes have moved: the stream is this process's now, if a fork shared it. */
static void
claim_locked(struct tls_sock *t)
{
	t->used = atomic_load_explicit(&sock_forks, memory_order_relaxed);
}

/* Nothing leaves from here, and nothing is taken in. */
static int
give_up_locked(struct tls_sock *t)
{
	tls_engine_fail(t->engine, VERDICT_TRANSPORT, EIO, EIO, 0);
	tls_engine_output_broken(t->engine, EIO);
	return -EIO;
}

int
tls_wait_flush_locked(struct tls_sock *t)
{
	const void *data;
	size_t len;
	ssize_t n;

	while ((len = tls_engine_output(t->engine, &data)) > 0) {
		if (!tls_fork_take_locked(t))
			return give_up_locked(t);
		n = kernel->sendto(t->native.base.kfd, data, len,
		    MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0);
		if (n == -1) {
			const int error = errno;

			if (!is_fatal(error))
				return -EAGAIN;
			latch(t, error);
			tls_engine_output_broken(t->engine, error);
			return -error;
		}
		claim_locked(t);
		tls_hold_sent_locked(t, (size_t)n);
		tls_engine_output_done(t->engine, (size_t)n);
	}
	return 0;
}

int
tls_wait_fill_locked(struct tls_sock *t, size_t room)
{
	void *ring;
	size_t len;
	ssize_t n;

	if (!tls_fork_try_locked(t)) {
		(void)give_up_locked(t);
		return 0; /* the engine tells */
	}
	if (t->holds)
		return tls_hold_fill_locked(t, room);
	len = tls_engine_input(t->engine, &ring);
	if (len == 0)
		return 0; /* full, or ended: the engine has enough to go on */
	n = kernel->recvfrom(t->native.base.kfd, ring, len, MSG_DONTWAIT, NULL,
	    NULL);
	if (n > 0)
		tls_engine_input_done(t->engine, (size_t)n);
	return tls_wait_filled_locked(t, n);
}

int
tls_wait_filled_locked(struct tls_sock *t, ssize_t n)
{
	if (n > 0) {
		claim_locked(t);
		t->quiet = false;
		return 0;
	}
	if (n == -1 && !is_fatal(errno))
		return -EAGAIN;
	if (n == 0 && atomic_load(&t->native.shut))
		return -EAGAIN; /* SHUT_RD: the kernel tells only of that */
	/* The end, also of a connection whose error another call was told. */
	tls_engine_input_end(t->engine,
	    n == -1 ? native_latch(&t->native, errno)
	            : atomic_load(&t->native.error));
	return 0;
}

/*
 * The second time running that nothing has come, the stream counts as idle; the
 * first may be one of a program that asks between any two records.
 */
void
tls_wait_vain_locked(struct tls_sock *t)
{
	if (t->quiet)
		tls_engine_rest(t->engine);
	t->quiet = true;
	t->sent = t->received = false;
}

void
tls_wait_moved_locked(struct tls_sock *t, bool *before)
{
	if (!*before)
		tls_engine_rest(t->engine);
	*before = true;
}

/* What SO_RCVTIMEO or SO_SNDTIMEO is, in nanoseconds; 0 for none. */
static int64_t
limit_ns(struct tls_sock *t, int option)
{
	const int64_t us = atomic_load(&t->native.send_timeout);
	struct timeval tv = { 0 };
	socklen_t len = sizeof(tv);

	/* The kernel's has the limit of plain sends in it. */
	if (option == SO_SNDTIMEO && profile_get() != PROFILE_LINUX)
		return us < LIMIT_US_MAX ? us * 1000 : 0;
	if (kernel->getsockopt(t->native.base.kfd, SOL_SOCKET, option, &tv,
	        &len) == -1)
		return 0;
	return tv.tv_sec * INT64_C(1000000000) + tv.tv_usec * 1000;
}

static void
begin(struct tls_patience *p)
{
	if (p->begun)
		return;
	p->begun = true;
	p->start_ns = deadline_now_ns();
}

int
tls_wait_bound_locked(struct tls_sock *t, struct tls_patience *p)
{
	int64_t ns;
	int rc;

	if (p->dontwait)
		return -EAGAIN;
	if (p->handshake)
		return deadline_left_ms(p->until) == 0 ? -ETIMEDOUT : 0;
	rc = native_nonblock(t->native.base.kfd);
	if (rc != 0)
		return rc < 0 ? rc : -EAGAIN;
	begin(p);
	if (!p->bounded) {
		p->bounded = true;
		ns = limit_ns(t, p->option);
		p->until = DEADLINE_NEVER;
		if (ns > 0)
			p->until.at_ns = p->start_ns + ns;
	}
	return deadline_left_ms(p->until) == 0 ? -EAGAIN : 0;
}

int
tls_wait_cond_locked(struct tls_sock *t, pthread_cond_t *cond,
    struct tls_patience *p)
{
	struct timespec ts;
	int rc;

	rc = tls_wait_bound_locked(t, p);
	if (rc < 0)
		return rc;
	if (p->until.at_ns == INT64_MAX) {
		pthread_cond_wait(cond, &t->lock);
		return 0;
	}
	ts.tv_sec = p->until.at_ns / 1000000000;
	ts.tv_nsec = p->until.at_ns % 1000000000;
	/* Over or not: the caller looks, and comes back to bound_locked. */
	(void)pthread_cond_timedwait(cond, &t->lock, &ts);
	return 0;
}

/*
 * Waiting for input alone is a blocking recv, so that O_NONBLOCK, SO_RCVTIMEO
 * and SA_RESTART mean what they mean to the kernel.  What ends it may be an
 * error, which the kernel then has told.
 */
static int
sleep_in_recv(struct tls_sock *t)
{
	char byte;
	int rc;

	rc = (int)err_from_kernel(kernel->recvfrom(t->native.base.kfd, &byte, 1,
	    MSG_PEEK, NULL, NULL));
	if (rc >= 0)
		return 0;
	if (!is_fatal(-rc))
		return rc;
	latch(t, -rc);
	return 0;
}

static int
sleep_in_poll(int kfd, short want, int timeout_ms)
{
	struct pollfd p = { .fd = kfd, .events = want };
	const int n = kernel->poll(&p, 1, timeout_ms);

	return n == -1 ? -errno : n;
}

int
tls_wait_sleep_locked(struct tls_sock *t, short want, struct deadline until)
{
	const int kfd = t->native.base.kfd;
	int rc;

	tls_sock_unlock(t);
	rc = sleep_in_poll(kfd, want, deadline_left_ms(until));
	pthread_mutex_lock(&t->lock);
	return rc < 0 ? rc : 0;
}

int
tls_wait_datagram_locked(struct tls_sock *t, struct tls_patience *p,
    struct deadline wake)
{
	const int kfd = t->native.base.kfd;
	const bool timed = p->begun || wake.at_ns != INT64_MAX;
	int rc;

	rc = timed ? tls_wait_bound_locked(t, p) : 0;
	if (rc < 0)
		return rc;
	begin(p);
	if (p->bounded && p->until.at_ns < wake.at_ns)
		wake = p->until;
	tls_sock_unlock(t);
	rc = wake.at_ns == INT64_MAX
	    ? sleep_in_recv(t)
	    : sleep_in_poll(kfd, POLLIN, deadline_left_ms(wake));
	pthread_mutex_lock(&t->lock);
	return rc < 0 ? rc : 0;
}

/* A handshake is not interrupted by signals; its deadline still holds. */
static int
sleep_in_handshake(struct tls_sock *t, short want, struct deadline until)
{
	int rc;

	do {
		rc = sleep_in_poll(t->native.base.kfd, want,
		    deadline_left_ms(until));
	} while (rc == -EINTR);
	return rc == 0 ? -ETIMEDOUT : rc < 0 ? rc : 0;
}

/* The one place where a secure socket sleeps; the lock is not held there. */
static int
sleep_locked(struct tls_sock *t, short want, const struct tls_patience *p,
    int most_ms)
{
	const int kfd = t->native.base.kfd;
	int rc;

	tls_sock_unlock(t);
	if (p->handshake)
		rc = sleep_in_handshake(t, want, p->until);
	else if (want == POLLIN && (!p->bounded || p->until.at_ns == INT64_MAX))
		rc = sleep_in_recv(t);
	else
		rc = sleep_in_poll(kfd, want, most_ms);
	pthread_mutex_lock(&t->lock);
	return rc < 0 ? rc : 0;
}

static int
wait_output_locked(struct tls_sock *t, struct tls_patience *p, int most_ms)
{
	const int rc = tls_wait_bound_locked(t, p);
	const int left = rc == 0 ? deadline_left_ms(p->until) : 0;

	if (rc < 0)
		return rc;
	return sleep_locked(t, POLLOUT, p,
	    most_ms >= 0 && (left < 0 || left > most_ms) ? most_ms : left);
}

/*
 * Of several receivers one sleeps in the kernel, and takes in what comes; the
 * others wait until it has.  Else one could take in what another had better
 * woken up for, and leave it asleep.
 */
static int
follow_locked(struct tls_sock *t, short want, struct tls_patience *p)
{
	if ((want & POLLOUT) != 0)
		return wait_output_locked(t, p, FOLLOWER_MS);
	return tls_wait_cond_locked(t, &t->pulled, p);
}

/* The first sleep of a call that only receives is the kernel's to bound. */
static int
wait_input_locked(struct tls_sock *t, short want, struct tls_patience *p)
{
	int rc;

	if (p->dontwait || atomic_load(&t->native.shut)) {
		tls_wait_vain_locked(t);
		return -EAGAIN;
	}
	if (t->pulling)
		return follow_locked(t, want, p);
	if (p->handshake || p->begun || want != POLLIN) {
		rc = tls_wait_bound_locked(t, p);
		if (rc < 0)
			return rc;
	}
	begin(p);
	t->pulling = true;
	t->puller = pthread_self();
	t->sent = t->received = false;
	tls_engine_rest(t->engine);
	rc = sleep_locked(t, want, p, deadline_left_ms(p->until));
	t->pulling = false;
	pthread_cond_broadcast(&t->pulled);
	return rc;
}

int
tls_wait_output_locked(struct tls_sock *t, struct tls_patience *p)
{
	return wait_output_locked(t, p, -1);
}

int
tls_wait_step_locked(struct tls_sock *t, ssize_t rc, struct tls_patience *p)
{
	const bool final = rc != -EAGAIN && rc != -ENOBUFS;
	const void *flight;
	/* To a flight that leaves only now there is no answer yet. */
	const bool early = p->handshake && !p->dontwait &&
	    tls_engine_output(t->engine, &flight) > 0;
	int err, over;

	err = tls_wait_flush_locked(t); /* an alert of a failed call, too */
	if (final)
		return 1;
	if (rc == -ENOBUFS)
		return err == -EAGAIN ? wait_output_locked(t, p, -1) : 0;
	if (!t->pulling) {
		if (++p->fills % FILLS_A_LOOK == 0) {
			over = tls_wait_bound_locked(t, p);
			if (over < 0)
				return over;
		}
		if (!early && tls_wait_fill_locked(t, p->room) == 0)
			return 0;
	}
	return wait_input_locked(t,
	    (short)(POLLIN | (err == -EAGAIN ? POLLOUT : 0)), p);
}

int
tls_wait_drain_locked(struct tls_sock *t, struct tls_patience *p)
{
	int rc;

	while ((rc = tls_wait_flush_locked(t)) == -EAGAIN) {
		rc = wait_output_locked(t, p, -1);
		if (rc < 0)
			break;
	}
	return rc;
}
