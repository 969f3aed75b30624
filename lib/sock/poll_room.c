#include "sock/poll_room.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/*
 * The thread's, NULL while a call has it: a signal handler may poll in the
 * middle of that call.  The key has it for the thread's end.
 */
static _Thread_local struct poll_room *mine
    __attribute__((tls_model("initial-exec")));
static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int key_error;

static void
room_free(struct poll_room *r)
{
	free(r->entries);
	free(r->kfds);
	free(r->known);
	free(r);
}

static void
thread_ends(void *p)
{
	mine = NULL; /* a destructor that comes later may poll */
	room_free(p);
}

static void
make_key(void)
{
	key_error = pthread_key_create(&key, thread_ends);
}

static struct poll_room *
room_make(void)
{
	struct poll_room *r;

	pthread_once(&once, make_key);
	if (key_error != 0)
		return NULL;
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return NULL;
	r->nested = pthread_getspecific(key) != NULL;
	if (!r->nested && pthread_setspecific(key, r) != 0) {
		free(r);
		return NULL;
	}
	return r;
}

void
poll_room_put(struct poll_room *r)
{
	if (r->nested)
		room_free(r);
	else
		mine = r;
}

static bool
room_grow(struct poll_room *r, nfds_t n)
{
	void *p;

	p = reallocarray(r->entries, n, sizeof(*r->entries));
	if (p == NULL)
		return false;
	r->entries = p;
	memset(&r->entries[r->n], 0, (n - r->n) * sizeof(*r->entries));
	p = reallocarray(r->kfds, n, 2 * sizeof(*r->kfds));
	if (p == NULL)
		return false;
	r->kfds = p;
	p = reallocarray(r->known, n, sizeof(*r->known));
	if (p == NULL)
		return false;
	r->known = p;
	r->nknown = 0;
	r->n = n;
	return true;
}

struct poll_room *
poll_room_get(nfds_t n)
{
	struct poll_room *r = mine;

	mine = NULL;
	atomic_signal_fence(memory_order_seq_cst); /* before it is looked at */
	if (r == NULL)
		r = room_make();
	if (r == NULL || n <= r->n || room_grow(r, n))
		return r;
	poll_room_put(r);
	return NULL;
}
