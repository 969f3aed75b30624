#include "shim/adopt.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include "shim/pending.h"
#include "shim/raw.h"
#include "shim/slots.h"
#include "shim/start.h"

/* The core has the number; hides: it is not FD_CLOEXEC for the program. */
static void
taken(int fd, bool hides)
{
	pending_gone(fd);
	(void)slots_new(fd);
	if (hides)
		(void)slots_core->fcntl(fd, F_SETFD, 0);
}

/* Also the other numbers that stand for fd.  0, or -1 and errno. */
static int
adopt_copies(int fd)
{
	int copy = -1;

	while ((copy = pending_next_copy(fd, copy + 1)) != -1) {
		const bool hides = pending_hides_flag(copy);

		if (slots_core->adopt_copy(fd, copy) == -1)
			return -1;
		taken(copy, hides);
	}
	return 0;
}

static int
adopt_now(int fd, const struct rule *rule, bool server)
{
	const char *host = rule->host[0] != '\0' ? rule->host : NULL;
	const struct core *core = slots_core;
	const bool pending = pending_is(fd);
	const bool hides = pending && pending_hides_flag(fd);
	int rc = 0;

	if (slots_has(fd) && core->secure(fd))
		return 0; /* another thread was first */
	if (core->adopt(fd, rule->tags, rule->ntags, host, server) == -1)
		return -1;
	if (pending)
		rc = adopt_copies(fd);
	taken(fd, hides);
	return rc;
}

/* The process in which a thread is at it, or 0. */
static _Atomic(pid_t) busy;

/* A child does not wait for a thread that it has been forked without. */
static void
enter(void)
{
	const pid_t own = raw_getpid();
	pid_t was = 0;

	while (!atomic_compare_exchange_weak(&busy, &was, own)) {
		if (was == own) {
			was = 0;
			sched_yield();
		}
	}
}

/*
 * One thread at a time, since several may wait for the connections of one
 * listener.  As in start_core, nothing comes between.
 */
int
adopt(int fd, const struct rule *rule, bool server)
{
	sigset_t all, old;
	int cancel, rc;

	if (start_core() == NULL)
		return -1;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	enter();
	rc = adopt_now(fd, rule, server);
	atomic_store(&busy, 0);
	pthread_setcancelstate(cancel, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc;
}
