#include "shim/core/passage.h"

#include <errno.h>
#include <pthread.h>

#include "base/err.h"
#include "base/kfd.h"
#include "base/log.h"
#include "shim/core/forked.h"
#include "shim/core/gate.h"
#include "sock/fdtable.h"
#include "sock/names.h"

/* So many sockets at most wait for the end of a call; more are never freed. */
#define LATER_MAX 16

/* Only its own thread looks at it. */
struct state {
	volatile bool inside;
	bool refused; /* a handler was, and the line is not out yet */
	int cancel;   /* what the program's cancel state was */
	bool steady;  /* no sleep of this call can be cancelled */
	volatile int nlater;
	struct zsock *later[LATER_MAX]; /* a reference each, to be dropped */
};

static _Thread_local struct state mine
    __attribute__((tls_model("initial-exec")));

bool
passage_inside(void)
{
	return mine.inside;
}

bool
passage_enter(struct passage *p, int fd)
{
	if (mine.inside)
		return false;
	/* A handler that comes while the thread sleeps changes both. */
	p->cancel = mine.cancel;
	p->steady = mine.steady;
	p->saved = errno;
	mine.inside = true;
	mine.steady = false;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &mine.cancel);
	forked_check();
	if (__builtin_expect(atomic_load(&gate_torn), 0)) {
		pthread_setcancelstate(mine.cancel, NULL);
		mine.inside = false;
		return false;
	}
	p->s = fd >= 0 ? fdtable_get(fd) : NULL;
	return true;
}

bool
passage_enter_steady(struct passage *p)
{
	if (!passage_enter(p, -1))
		return false;
	mine.steady = true;
	return true;
}

/* The handler that was refused could not say so itself. */
static void
leave(const struct passage *p)
{
	const bool refused = mine.refused;

	mine.refused = false;
	while (mine.nlater > 0)
		sock_put(mine.later[--mine.nlater]);
	if (refused)
		log_line(LOG_WARN,
		    "a signal handler has used a secure socket in the middle "
		    "of another call of its thread: EAGAIN");
	pthread_setcancelstate(mine.cancel, NULL);
	mine.cancel = p->cancel;
	mine.steady = p->steady;
	mine.inside = false;
}

ssize_t
passage_leave(struct passage *p, ssize_t rc)
{
	if (p->s != NULL)
		sock_put(p->s);
	leave(p);
	if (rc >= 0)
		errno = p->saved;
	return err_edge(rc);
}

void
passage_forsake(void *arg)
{
	struct passage *p = arg;

	mine.inside = true;
	if (p->s != NULL)
		names_forsake(p->s);
	leave(p);
}

static void
say_torn(void)
{
	static atomic_flag said = ATOMIC_FLAG_INIT;

	if (!atomic_flag_test_and_set(&said))
		log_line(LOG_ERROR,
		    "this process was forked while another thread was at work "
		    "on secure sockets: it cannot use any, EBADF");
}

int
passage_refuse(void)
{
	if (atomic_load(&gate_torn)) {
		say_torn();
		errno = EBADF;
		return -1;
	}
	mine.refused = true;
	errno = EAGAIN;
	return -1;
}

void
passage_defer(struct zsock *s, int fd)
{
	if (s == NULL)
		return;
	names_lose(s, fd);
	kfd_close(fd);
	if (mine.nlater < LATER_MAX)
		mine.later[mine.nlater++] = s;
}

bool
passage_sleep(void)
{
	if (!mine.inside)
		return false;
	mine.inside = false;
	if (!mine.steady)
		pthread_setcancelstate(mine.cancel, NULL);
	return true;
}

void
passage_wake(bool slept)
{
	if (!slept)
		return;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	mine.inside = true;
}
