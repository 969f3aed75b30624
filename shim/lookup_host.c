#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "shim/lookup.h"
#include "shim/real.h"
#include "shim/start.h"

/*
 * The older calls for the address of a host, over the core's getaddrinfo where
 * hosts are redirected.
 */

#define ANSWER_MAX 8192

/* The caller's memory, which an answer is laid out in. */
struct room {
	char *at;
	size_t left;
};

/* NULL if there is not so much. */
static void *
take(struct room *room, size_t len)
{
	void *at = room->at;

	if (len > room->left)
		return NULL;
	room->at += len;
	room->left -= len;
	return at;
}

static void *
take_aligned(struct room *room, size_t len)
{
	const size_t over = (uintptr_t)room->at % sizeof(void *);

	if (over != 0 && take(room, sizeof(void *) - over) == NULL)
		return NULL;
	return take(room, len);
}

static const void *
address_of(const struct addrinfo *one)
{
	if (one->ai_family == AF_INET)
		return &((const struct sockaddr_in *)(const void *)one->ai_addr)
		            ->sin_addr;
	return &((const struct sockaddr_in6 *)(const void *)one->ai_addr)
	            ->sin6_addr;
}

/* host of the addresses of list, in room.  0 or -ERANGE. */
static int
lay_out(struct hostent *host, const char *name, const struct addrinfo *list,
    struct room *room)
{
	const size_t len = list->ai_family == AF_INET ? 4 : 16;
	const char *canonical =
	    list->ai_canonname != NULL ? list->ai_canonname : name;
	const size_t name_size = strlen(canonical) + 1;
	size_t n = 0;

	for (const struct addrinfo *i = list; i != NULL; i = i->ai_next)
		n++;
	host->h_aliases = take_aligned(room, sizeof(char *));
	host->h_addr_list = take_aligned(room, (n + 1) * sizeof(char *));
	host->h_name = take(room, name_size);
	if (host->h_aliases == NULL || host->h_addr_list == NULL ||
	    host->h_name == NULL || room->left < n * len)
		return -ERANGE;
	host->h_aliases[0] = NULL;
	memcpy(host->h_name, canonical, name_size);
	host->h_addrtype = list->ai_family;
	host->h_length = (int)len;
	n = 0;
	for (; list != NULL; list = list->ai_next) {
		host->h_addr_list[n] = take(room, len);
		memcpy(host->h_addr_list[n++], address_of(list), len);
	}
	host->h_addr_list[n] = NULL;
	return 0;
}

/* What h_errno says for what getaddrinfo said. */
static int
host_error(int rc)
{
	switch (rc) {
	case EAI_NONAME:
		return HOST_NOT_FOUND;
	case EAI_NODATA:
	case EAI_ADDRFAMILY:
		return NO_DATA;
	case EAI_AGAIN:
		return TRY_AGAIN;
	case EAI_SYSTEM:
	case EAI_MEMORY:
		return NETDB_INTERNAL;
	default:
		return NO_RECOVERY;
	}
}

/* As gethostbyname_r: 0 also for a host that is not known. */
static int
fail(int rc, int *error)
{
	*error = host_error(rc);
	if (rc == EAI_AGAIN)
		return EAGAIN;
	if (rc == EAI_MEMORY)
		return ENOMEM;
	return rc == EAI_SYSTEM ? errno : 0;
}

struct question {
	const char *name;
	int family;
};

static int
ask(struct question q, struct hostent *host, struct room room, int *error)
{
	const struct addrinfo hints = { .ai_family = q.family,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_CANONNAME };
	const struct core *core = start_core();
	struct addrinfo *list;
	int rc;

	if (core == NULL)
		return fail(EAI_SYSTEM, error);
	rc = core->getaddrinfo(q.name, NULL, &hints, &list);
	if (rc != 0)
		return fail(rc, error);
	rc = lookup_remember(q.name, list);
	if (rc == 0)
		rc = lay_out(host, q.name, list, &room);
	core->freeaddrinfo(list);
	if (rc < 0)
		*error = NETDB_INTERNAL;
	else
		*error = NETDB_SUCCESS;
	return -rc;
}

/* What libc has answered for q, kept in mind.  0 or ENOMEM. */
static int
remember(struct question q, const struct hostent *host)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
	const bool old = host->h_addrtype == AF_INET;
	const struct addrinfo one = {
		.ai_addr =
		    old ? (struct sockaddr *)&in : (struct sockaddr *)&in6,
		.ai_addrlen = old ? sizeof(in) : sizeof(in6),
	};
	int rc = 0;

	for (char **at = host->h_addr_list; rc == 0 && *at != NULL; at++) {
		if (old)
			memcpy(&in.sin_addr, *at, sizeof(in.sin_addr));
		else
			memcpy(&in6.sin6_addr, *at, sizeof(in6.sin6_addr));
		rc = lookup_remember(q.name, &one);
	}
	return -rc;
}

static struct hostent *
ask_static(const char *name, int family)
{
	static char answer[ANSWER_MAX];
	static struct hostent host;
	const struct room room = { answer, sizeof(answer) };
	const int saved = errno;
	int rc;

	rc = ask((struct question){ name, family }, &host, room, &h_errno);
	errno = rc != 0 ? rc : saved;
	return rc == 0 && h_errno == NETDB_SUCCESS ? &host : NULL;
}

/* For names whose addresses cannot be kept in mind: not known. */
static struct hostent *
checked(struct question q, struct hostent *host)
{
	if (host == NULL || remember(q, host) == 0)
		return host;
	h_errno = NETDB_INTERNAL;
	errno = ENOMEM;
	return NULL;
}

EXPORT struct hostent *
gethostbyname(const char *name)
{
	const struct question q = { name, AF_INET };

	if (!settings_get()->hosts)
		return checked(q, real.gethostbyname(name));
	return ask_static(name, AF_INET);
}

EXPORT struct hostent *
gethostbyname2(const char *name, int family)
{
	const struct question q = { name, family };

	if (!settings_get()->hosts)
		return checked(q, real.gethostbyname2(name, family));
	return ask_static(name, family);
}

EXPORT int
gethostbyname2_r(const char *name, int family, struct hostent *host, char *buf,
    size_t len, struct hostent **result, int *error)
{
	const struct question q = { name, family };
	const struct room room = { buf, len };
	int rc;

	if (settings_get()->hosts) {
		rc = ask(q, host, room, error);
		*result = rc == 0 && *error == NETDB_SUCCESS ? host : NULL;
		return rc;
	}
	rc = real.gethostbyname2_r(name, family, host, buf, len, result, error);
	if (rc == 0 && *result != NULL && remember(q, *result) != 0) {
		*result = NULL;
		*error = NETDB_INTERNAL;
		rc = ENOMEM;
	}
	return rc;
}

EXPORT int
gethostbyname_r(const char *name, struct hostent *host, char *buf, size_t len,
    struct hostent **result, int *error)
{
	const struct question q = { name, AF_INET };
	int rc;

	if (settings_get()->hosts)
		return gethostbyname2_r(name, AF_INET, host, buf, len, result,
		    error);
	rc = real.gethostbyname_r(name, host, buf, len, result, error);
	if (rc == 0 && *result != NULL && remember(q, *result) != 0) {
		*result = NULL;
		*error = NETDB_INTERNAL;
		rc = ENOMEM;
	}
	return rc;
}
