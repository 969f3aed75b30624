#include "base/resolver.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/deadline.h"
#include "base/log.h"
#include "base/thread.h"

const struct resolver resolver_libc = {
	.getaddrinfo = getaddrinfo,
	.freeaddrinfo = freeaddrinfo,
	.getnameinfo = getnameinfo,
	.gethostname = gethostname,
};

const struct resolver *resolver = &resolver_libc;

/*
 * One query.  The asker frees it, unless it gave up: then the thread does.
 * libc's getaddrinfo_a would not do: a query that has begun cannot be
 * cancelled there, so the request would have to outlive the asker just the
 * same, and its threads are out of a test's reach.
 */
struct request {
	char *host;
	struct addrinfo hints;
	pthread_cond_t changed;
	bool done, abandoned; /* guarded by lock */
	int rc, error;        /* the thread's until done */
	struct addrinfo *found;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t idle = PTHREAD_COND_INITIALIZER;
static int under_way; /* guarded by lock */

static void
fork_prepare(void)
{
	pthread_mutex_lock(&lock);
}

static void
fork_parent(void)
{
	pthread_mutex_unlock(&lock);
}

/* A child has none of the threads; what they work on is lost with them. */
static void
fork_child(void)
{
	under_way = 0;
	pthread_mutex_unlock(&lock);
}

static void
watch_forks(void)
{
	pthread_atfork(fork_prepare, fork_parent, fork_child);
}

static struct request *
request_new(const char *host, const struct addrinfo *hints)
{
	struct request *r = calloc(1, sizeof(*r));
	pthread_condattr_t attr;

	if (r == NULL)
		return NULL;
	r->host = strdup(host);
	if (r->host == NULL) {
		free(r);
		return NULL;
	}
	r->hints = *hints;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&r->changed, &attr);
	pthread_condattr_destroy(&attr);
	return r;
}

static void
request_free(struct request *r)
{
	if (r->found != NULL)
		resolver->freeaddrinfo(r->found);
	pthread_cond_destroy(&r->changed);
	free(r->host);
	free(r);
}

static void *
work(void *arg)
{
	struct request *r = arg;
	bool abandoned;

	r->rc = resolver->getaddrinfo(r->host, NULL, &r->hints, &r->found);
	r->error = errno;
	if (r->rc != 0)
		r->found = NULL;
	pthread_mutex_lock(&lock);
	abandoned = r->abandoned;
	r->done = true;
	pthread_cond_signal(&r->changed);
	pthread_mutex_unlock(&lock);
	if (abandoned)
		request_free(r);
	pthread_mutex_lock(&lock);
	under_way--;
	if (under_way == 0)
		pthread_cond_broadcast(&idle);
	pthread_mutex_unlock(&lock);
	return NULL;
}

/* Room for one more thread, and the thread. */
static int
launch(struct request *r)
{
	bool full;
	int rc;

	pthread_mutex_lock(&lock);
	full = under_way >= RESOLVER_MAX;
	under_way += !full;
	pthread_mutex_unlock(&lock);
	if (full) {
		log_line(LOG_WARN,
		    "getaddrinfo: %d queries are still without an answer; "
		    "is the host's name server there?",
		    RESOLVER_MAX);
		return EAI_AGAIN;
	}
	rc = thread_start(work, r);
	if (rc == 0)
		return 0;
	log_line(LOG_WARN, "getaddrinfo: no thread for the query: %s",
	    strerror(-rc));
	pthread_mutex_lock(&lock);
	under_way--;
	pthread_mutex_unlock(&lock);
	return EAI_AGAIN;
}

/* Waits for the answer; false if there is none in time. */
static bool
await(struct request *r, struct deadline d)
{
	const struct timespec at = { .tv_sec = d.at_ns / 1000000000,
		.tv_nsec = d.at_ns % 1000000000 };
	bool done;

	pthread_mutex_lock(&lock);
	while (!r->done) {
		if (pthread_cond_timedwait(&r->changed, &lock, &at) != 0)
			break;
	}
	done = r->done;
	r->abandoned = !done;
	pthread_mutex_unlock(&lock);
	return done;
}

int
resolver_query(const char *host, const struct addrinfo *hints, int limit_ms,
    struct addrinfo **res)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	const struct deadline d = deadline_in_ms(limit_ms > 0 ? limit_ms : 0);
	struct request *r = request_new(host, hints);
	int rc;

	pthread_once(&once, watch_forks);
	if (r == NULL)
		return EAI_MEMORY;
	rc = launch(r);
	if (rc == 0 && !await(r, d)) {
		log_line(LOG_INFO,
		    "getaddrinfo: no answer for \"%s\" within %d ms", host,
		    limit_ms);
		return EAI_CANCELED; /* the thread has r now */
	}
	if (rc != 0)
		goto out;
	rc = r->rc;
	if (rc == 0) {
		*res = r->found;
		r->found = NULL;
	} else if (rc == EAI_SYSTEM) {
		errno = r->error;
	}
out:
	request_free(r);
	return rc;
}

void
resolver_drain(void)
{
	pthread_mutex_lock(&lock);
	while (under_way > 0)
		pthread_cond_wait(&idle, &lock);
	pthread_mutex_unlock(&lock);
}
