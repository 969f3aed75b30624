#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "shim/lookup.h"
#include "shim/real.h"
#include "shim/slots.h"
#include "shim/start.h"

/*
 * Names of hosts: the core's affair where hosts are redirected or the profile is
 * a device's.  The addresses of a name that a rule has are kept in mind.
 */

int
lookup_remember(const char *name, const struct addrinfo *list)
{
	const struct rules *rules = &settings_get()->connect;
	int rc = 0;

	if (name == NULL || !rules->names)
		return 0;
	for (; rc == 0 && list != NULL; list = list->ai_next)
		rc = rules_remember(rules, name, list->ai_addr,
		    list->ai_addrlen);
	return rc;
}

static int
ask_core(const char *host, const char *service, const struct addrinfo *hints,
    struct addrinfo **res)
{
	const struct core *core = start_core();

	if (core == NULL)
		return EAI_SYSTEM; /* ELIBACC */
	return core->getaddrinfo(host, service, hints, res);
}

/* A name whose addresses cannot be kept in mind is not known. */
EXPORT int
getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
    struct addrinfo **res)
{
	int rc;

	if (settings_get()->lookups)
		rc = ask_core(host, service, hints, res);
	else
		rc = real.getaddrinfo(host, service, hints, res);
	if (rc == 0 && lookup_remember(host, *res) < 0) {
		freeaddrinfo(*res);
		*res = NULL;
		return EAI_MEMORY;
	}
	return rc;
}

EXPORT void
freeaddrinfo(struct addrinfo *list)
{
	const struct core *core = slots_core;

	if (core != NULL && settings_get()->lookups)
		core->freeaddrinfo(list);
	else
		real.freeaddrinfo(list);
}

EXPORT int
getnameinfo(const struct sockaddr *addr, socklen_t len, char *host,
    socklen_t hostlen, char *serv, socklen_t servlen, int flags)
{
	const struct core *core;

	if (!settings_get()->lookups)
		return real.getnameinfo(addr, len, host, hostlen, serv, servlen,
		    flags);
	core = start_core();
	if (core == NULL)
		return EAI_SYSTEM; /* ELIBACC */
	return core->getnameinfo(addr, len, host, hostlen, serv, servlen,
	    flags);
}

/* It also remembers. */
static int
look_up(const char *host)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list;
	int rc;

	rc = getaddrinfo(host, NULL, &hints, &list);
	if (rc == 0)
		freeaddrinfo(list);
	return rc;
}

/*
 * Threads that come at the same time each ask for themselves: so that none has
 * to wait for another one, which a fork or a signal may have taken away.  What
 * asks for a name may itself connect, and is not to ask for that again.
 */
const struct rule *
lookup_rules(const struct rules *rules, const struct sockaddr *addr,
    socklen_t len, int *why)
{
	static atomic_bool known[RULES_MAX];
	static _Thread_local bool asking;
	const struct rule *unknown = NULL;
	int i = -1, rc, cancel;

	while ((i = rules_by_name(rules, addr, len, i + 1)) >= 0) {
		if (atomic_load(&known[i]))
			continue;
		rc = EAI_AGAIN;
		if (!asking) {
			asking = true;
			pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
			rc = look_up(rules->rule[i].host);
			pthread_setcancelstate(cancel, NULL);
			asking = false;
		}
		if (rc == 0)
			atomic_store(&known[i], true);
		else if (unknown == NULL)
			unknown = &rules->rule[i];
		if (rc != 0)
			*why = rc;
	}
	return unknown;
}
