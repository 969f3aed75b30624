#ifndef CORE_PASSAGE_H
#define CORE_PASSAGE_H

#include <stdbool.h>
#include <sys/types.h>

#include "sock/sock.h"

/*
 * A call of the program on its way through the core.  While a thread is inside,
 * but for the time that it sleeps in the kernel, it may hold locks and be in
 * the middle of malloc: a signal handler that calls again is refused then, and
 * a cancellation waits.  One that comes in a sleep takes the thread out of
 * here, and what it had is given back.
 */
struct passage {
	struct zsock *s; /* a reference of its own, or NULL */
	int cancel;      /* the thread's state before; see passage.c */
	bool steady;
	int saved; /* errno, which a success leaves alone */
};

/*
 * False: this thread is inside already, or the process is a torn one of
 * core/gate.h.  fd may be -1, for no socket.
 */
bool passage_enter(struct passage *p, int fd);

/* The same for a call that is not to be cancelled, though it may sleep. */
bool passage_enter_steady(struct passage *p);

/* Out again: the library's result as libc's. */
ssize_t passage_leave(struct passage *p, ssize_t rc);

/* Is the thread inside?  For tests. */
bool passage_inside(void);

/* For pthread_cleanup_push: the thread will not come back. */
void passage_forsake(void *p);

/*
 * A number is closed in a signal handler: its descriptor at once, without a
 * farewell; the rest when the interrupted call is over.  s may be NULL.
 */
void passage_defer(struct zsock *s, int fd);

/* Around a call of the kernel that may sleep.  What begin answers, end needs. */
bool passage_sleep(void);
void passage_wake(bool slept);

/* The answer where passage_enter said no. */
int passage_refuse(void);

/*
 * Makes a call of core.h on the descriptor fd.  The answer is the library's
 * result, of p.s; what the program is told is made of passage_leave(&p, rc).
 */
#define PASSAGE_CALL(ret, name, params, answer, told) \
	ret calls_##name params \
	{ \
		struct passage p; \
		ssize_t rc; \
\
		if (!passage_enter(&p, fd)) \
			return passage_refuse(); \
		pthread_cleanup_push(passage_forsake, &p); \
		rc = (answer); \
		pthread_cleanup_pop(0); \
		return (ret)(told); \
	}

#endif
