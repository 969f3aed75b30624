#include "base/thread.h"

#include <signal.h>

static int
start(pthread_t *thread, int detach, void *(*fn)(void *), void *arg)
{
	pthread_attr_t attr;
	sigset_t all, old;
	int err;

	err = pthread_attr_init(&attr);
	if (err != 0)
		return -err;
	pthread_attr_setdetachstate(&attr, detach);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(thread, &attr, fn, arg);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return -err;
}

int
thread_start(void *(*fn)(void *), void *arg)
{
	pthread_t thread;

	return start(&thread, PTHREAD_CREATE_DETACHED, fn, arg);
}

int
thread_start_joinable(pthread_t *thread, void *(*fn)(void *), void *arg)
{
	return start(thread, PTHREAD_CREATE_JOINABLE, fn, arg);
}
