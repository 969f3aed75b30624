/*
 * Preloaded behind the library: a resolver in which "somewhere.example" is this
 * machine.  NAMES_FAIL of its first answers are that it cannot be told now, or
 * if NAMES_NONE is set, that there is none.  With NAMES_SLOW it answers when
 * another thread has asked or connected as well, or after a second.
 */
#include <dlfcn.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern atomic_int names_asked;
atomic_int names_asked;

static void
dawdle(void)
{
	const struct timespec moment = { 0, 1000000 };

	for (int i = 0; i < 1000 && atomic_load(&names_asked) < 2; i++)
		nanosleep(&moment, NULL);
}

int
getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
    struct addrinfo **res)
{
	int (*next)(const char *, const char *, const struct addrinfo *,
	    struct addrinfo **);
	const char *fail = getenv("NAMES_FAIL");
	int n;

	*(void **)&next = dlsym(RTLD_NEXT, "getaddrinfo");
	if (host == NULL || strcmp(host, "somewhere.example") != 0)
		return next(host, service, hints, res);
	n = atomic_fetch_add(&names_asked, 1);
	if (getenv("NAMES_SLOW") != NULL)
		dawdle();
	if (fail != NULL && n < atoi(fail))
		return getenv("NAMES_NONE") != NULL ? EAI_NONAME : EAI_AGAIN;
	return next("127.0.0.1", service, hints, res);
}
