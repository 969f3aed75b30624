#include "support/fake_resolver.h"

#include "support/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/address.h"
#include "base/resolver.h"

struct answer {
	int code, err;
	const char *addresses;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t released = PTHREAD_COND_INITIALIZER;
static struct answer v4, v6, other;
static bool held;
static int count, living;
static pthread_t last;

/* A list as libc's, except that its freeaddrinfo must not get it. */
static int
list(const char *addresses, int socktype, struct addrinfo **res)
{
	char copy[1024], *rest, *word;
	struct addrinfo **end = res;

	snprintf(copy, sizeof(copy), "%s", addresses);
	*res = NULL;
	for (word = strtok_r(copy, " ", &rest); word != NULL;
	     word = strtok_r(NULL, " ", &rest)) {
		struct addrinfo *ai = calloc(1, sizeof(*ai));
		struct sockaddr_storage *addr = calloc(1, sizeof(*addr));
		struct address a;

		assert_true(ai != NULL && addr != NULL);
		assert_true(address_parse(word, strlen(word), false, &a));
		ai->ai_addrlen = address_store(&a, htons(9), addr);
		ai->ai_family = a.family;
		ai->ai_socktype = socktype;
		ai->ai_addr = (struct sockaddr *)addr;
		*end = ai;
		end = &ai->ai_next;
		living++;
	}
	return 0;
}

static int
fake_getaddrinfo(const char *host, const char *service,
    const struct addrinfo *hints, struct addrinfo **res)
{
	const struct answer *a = &other;
	int rc;

	if (host == NULL ||
	    (hints != NULL && (hints->ai_flags & AI_NUMERICHOST)))
		return getaddrinfo(host, service, hints, res);
	pthread_mutex_lock(&lock);
	count++;
	last = pthread_self();
	while (held)
		pthread_cond_wait(&released, &lock);
	if (hints != NULL && hints->ai_family == AF_INET)
		a = &v4;
	if (hints != NULL && hints->ai_family == AF_INET6)
		a = &v6;
	rc = a->code;
	if (rc == 0)
		rc = list(a->addresses, hints != NULL ? hints->ai_socktype : 0,
		    res);
	errno = a->err;
	pthread_mutex_unlock(&lock);
	return rc;
}

static void
fake_freeaddrinfo(struct addrinfo *ai)
{
	if (ai != NULL && ai->ai_addrlen != 0 && ai->ai_protocol != 0) {
		freeaddrinfo(ai); /* libc's: it has a protocol */
		return;
	}
	pthread_mutex_lock(&lock);
	while (ai != NULL) {
		struct addrinfo *next = ai->ai_next;

		free(ai->ai_addr);
		free(ai);
		living--;
		ai = next;
	}
	pthread_mutex_unlock(&lock);
}

static int
fake_getnameinfo(const struct sockaddr *addr, socklen_t len, char *host,
    socklen_t hostlen, char *serv, socklen_t servlen, int flags)
{
	pthread_mutex_lock(&lock);
	count++;
	pthread_mutex_unlock(&lock);
	return getnameinfo(addr, len, host, hostlen, serv, servlen,
	    flags | NI_NUMERICHOST | NI_NUMERICSERV);
}

static int
fake_gethostname(char *name, size_t len)
{
	const char *host = "the-host";

	if (strlen(host) >= len) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(name, host);
	return 0;
}

static const struct resolver fake = {
	.getaddrinfo = fake_getaddrinfo,
	.freeaddrinfo = fake_freeaddrinfo,
	.getnameinfo = fake_getnameinfo,
	.gethostname = fake_gethostname,
};

void
fake_resolver_install(void)
{
	resolver = &fake;
	count = 0;
	held = false;
	fake_resolver_answer(AF_INET, EAI_NONAME, 0, NULL);
	fake_resolver_answer(AF_INET6, EAI_NONAME, 0, NULL);
	fake_resolver_answer(AF_UNSPEC, EAI_NONAME, 0, NULL);
}

void
fake_resolver_remove(void)
{
	fake_resolver_hold(false);
	resolver_drain();
	assert_int_equal(living, 0);
	resolver = &resolver_libc;
}

void
fake_resolver_answer(int family, int code, int err, const char *addresses)
{
	struct answer *a = family == AF_INET ? &v4
	    : family == AF_INET6             ? &v6
	                                     : &other;

	pthread_mutex_lock(&lock);
	*a =
	    (struct answer){ .code = code, .err = err, .addresses = addresses };
	pthread_mutex_unlock(&lock);
}

void
fake_resolver_hold(bool hold)
{
	pthread_mutex_lock(&lock);
	held = hold;
	pthread_cond_broadcast(&released);
	pthread_mutex_unlock(&lock);
}

int
fake_resolver_count(void)
{
	int n;

	pthread_mutex_lock(&lock);
	n = count;
	pthread_mutex_unlock(&lock);
	return n;
}

bool
fake_resolver_was_here(void)
{
	bool here;

	pthread_mutex_lock(&lock);
	here = pthread_equal(last, pthread_self());
	pthread_mutex_unlock(&lock);
	return here;
}
