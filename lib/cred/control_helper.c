#include "cred/control_helper.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>

#include "base/log.h"
#include "base/thread.h"
#include "cred/control_answer.h"

/* Those of a request while those of the one before are being written. */
#define LINES_MAX ((size_t)2 * CONTROL_OPS_MAX)
#define WAIT_S 1

struct line {
	struct line *next;
	size_t len;
	char text[];
};

/* A call that is wanted; on its caller's stack. */
struct call {
	void (*fn)(void *arg);
	void *arg;
	bool begun, done;
};

/* A leaf, under which nothing is written or called. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed; /* any of what follows */

/* All guarded by lock. */
static struct line *first, **last = &first;
static size_t count, lost;
static struct call *wanted;
static bool made, running, stopping;

static _Thread_local bool away;

/* Nobody waits for it: there is no helper in this process yet. */
static void
make_locked(void)
{
	pthread_condattr_t attr;

	if (made)
		return;
	made = true;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&changed, &attr);
	pthread_condattr_destroy(&attr);
}

static struct timespec
soon(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += WAIT_S;
	return t;
}

/* It must not wait for stderr, for the program may fork meanwhile. */
static void
queue(const char *text, size_t len)
{
	struct line *l = malloc(sizeof(*l) + len);

	if (l != NULL) {
		l->next = NULL;
		l->len = len;
		memcpy(l->text, text, len);
	}
	pthread_mutex_lock(&lock);
	if (l != NULL && count < LINES_MAX) {
		*last = l;
		last = &l->next;
		count++;
		l = NULL; /* the helper's */
	} else {
		lost++;
	}
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	free(l);
}

void
control_helper_away(void)
{
	away = true;
	log_divert(queue);
}

bool
control_helper_call(void (*fn)(void *arg), void *arg)
{
	const struct timespec until = soon();
	struct call c = { .fn = fn, .arg = arg };
	int err = 0;

	if (!away) {
		fn(arg);
		return true;
	}
	pthread_mutex_lock(&lock);
	wanted = &c;
	pthread_cond_broadcast(&changed);
	while (!c.begun && err == 0)
		err = pthread_cond_timedwait(&changed, &lock, &until);
	while (c.begun && !c.done)
		pthread_cond_wait(&changed, &lock);
	wanted = NULL;
	pthread_mutex_unlock(&lock);
	return c.done;
}

/* Gives the lock up meanwhile. */
static void
do_call_locked(struct call *c)
{
	c->begun = true;
	wanted = NULL;
	pthread_mutex_unlock(&lock);
	c->fn(c->arg);
	pthread_mutex_lock(&lock);
	c->done = true;
	pthread_cond_broadcast(&changed);
}

/* The same. */
static void
write_line_locked(void)
{
	struct line *l = first;
	const size_t missing = lost;

	first = l->next;
	if (first == NULL)
		last = &first;
	count--;
	lost = 0;
	pthread_mutex_unlock(&lock);
	log_raw(l->text, l->len);
	free(l);
	if (missing > 0)
		log_line(LOG_WARN, "control: %zu lines were lost", missing);
	pthread_mutex_lock(&lock);
}

static void *
help(void *arg)
{
	(void)arg; /* there is one helper */
	(void)prctl(PR_SET_NAME, "zsock-ctl-help");
	pthread_mutex_lock(&lock);
	while (first != NULL || wanted != NULL || !stopping) {
		if (wanted != NULL)
			do_call_locked(wanted);
		else if (first != NULL)
			write_line_locked();
		else
			pthread_cond_wait(&changed, &lock);
	}
	running = false;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
	return NULL;
}

int
control_helper_start(void)
{
	int rc = 0;

	pthread_mutex_lock(&lock);
	make_locked();
	stopping = false; /* one that was to end goes on, then */
	if (!running)
		rc = thread_start(help, NULL);
	if (rc == 0)
		running = true;
	pthread_mutex_unlock(&lock);
	return rc;
}

void
control_helper_stop(void)
{
	const struct timespec until = soon();
	int err = 0;

	pthread_mutex_lock(&lock);
	stopping = true;
	pthread_cond_broadcast(&changed);
	while (running && err == 0)
		err = pthread_cond_timedwait(&changed, &lock, &until);
	pthread_mutex_unlock(&lock);
}

void
control_helper_freeze(void)
{
	pthread_mutex_lock(&lock);
}

void
control_helper_thaw(void)
{
	pthread_mutex_unlock(&lock);
}

void
control_helper_forked(void)
{
	while (first != NULL) {
		struct line *l = first;

		first = l->next;
		free(l);
	}
	last = &first;
	count = lost = 0;
	wanted = NULL;
	running = false;
	made = false; /* the parent's threads may wait in it */
}
