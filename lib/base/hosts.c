#include "base/hosts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/hosts_line.h"
#include "base/lines.h"
#include "base/log.h"

#define NOT_LOADED (-1)

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct hosts_rule *rules; /* guarded by lock */
static unsigned batches;         /* guarded by lock */
static unsigned standins;        /* those given so far; guarded by lock */
static atomic_int redirections = NOT_LOADED; /* written with lock */

static void
rules_free(struct hosts_rule *list)
{
	while (list != NULL) {
		struct hosts_rule *next = list->next;

		free(list);
		list = next;
	}
}

/* Do two rules say the same of the same name, or address, and family? */
static bool
rivals(const struct hosts_rule *a, const struct hosts_rule *b)
{
	return a->redirects == b->redirects && a->port == b->port &&
	    a->to.family == b->to.family && strcmp(a->name, b->name) == 0 &&
	    address_equal(&a->from, &b->from);
}

/*
 * Removes what this rule takes the place of.  Addresses of one name add up if
 * they were added together; otherwise the later ones count.  False if such an
 * address is there already.
 */
static bool
make_room_locked(const struct hosts_rule *r)
{
	struct hosts_rule **at = &rules;

	while (*at != NULL) {
		struct hosts_rule *old = *at;

		if (!rivals(old, r)) {
			at = &old->next;
		} else if (!r->redirects && old->batch == r->batch) {
			if (address_equal(&old->to, &r->to))
				return false;
			at = &old->next;
		} else {
			*at = old->next;
			atomic_fetch_sub(&redirections, old->redirects ? 1 : 0);
			free(old);
		}
	}
	return true;
}

static void
append_locked(struct hosts_rule *r)
{
	struct hosts_rule **at = &rules;

	while (*at != NULL)
		at = &(*at)->next;
	r->next = NULL;
	*at = r;
	atomic_fetch_add(&redirections, r->redirects ? 1 : 0);
}

/* One stand-in serves all redirections of a name. */
static unsigned
standin_locked(const char *name)
{
	for (struct hosts_rule *r = rules; r != NULL; r = r->next) {
		if (r->standin != 0 && strcmp(r->name, name) == 0)
			return r->standin;
	}
	return ++standins;
}

static int
merge(struct hosts_rule *list)
{
	unsigned wanted = 0;
	int rc = 0;

	for (struct hosts_rule *r = list; r != NULL; r = r->next)
		wanted += r->redirects && r->name[0] != '\0';
	pthread_mutex_lock(&lock);
	if (wanted > HOSTS_STANDINS - standins) {
		rc = -ENOSPC;
		goto out;
	}
	batches++;
	while (list != NULL) {
		struct hosts_rule *r = list;

		list = r->next;
		r->batch = batches;
		if (r->redirects && r->name[0] != '\0')
			r->standin = standin_locked(r->name);
		if (make_room_locked(r))
			append_locked(r);
		else
			free(r);
	}
out:
	pthread_mutex_unlock(&lock);
	rules_free(list);
	return rc;
}

/* Adds one line to the list that ends at *end, or says in why what is wrong. */
static int
take_line(const char *source, int number, char *line, struct hosts_rule ***end,
    char *why, size_t size)
{
	const char *wrong = hosts_line_parse(line, end);

	if (wrong == NULL)
		return 0;
	snprintf(why, size, "%s:%d: %s", source, number, wrong);
	return wrong == hosts_line_no_memory ? -ENOMEM : -EINVAL;
}

static int
finish(const char *source, struct hosts_rule *list, char *why, size_t size)
{
	const int rc = merge(list);

	if (rc < 0)
		snprintf(why, size,
		    "%s: more than %d names were redirected in this process; "
		    "add fewer",
		    source, HOSTS_STANDINS);
	return rc;
}

/* The list so far, and where it ends. */
struct reading {
	struct hosts_rule *list, **end;
};

static int
take_file_line(void *arg, const char *path, int number, char *line, char *why,
    size_t size)
{
	struct reading *r = arg;

	return take_line(path, number, line, &r->end, why, size);
}

/* Without looking at ZSOCK_HOSTS first, which is how that one is read. */
static int
load_path(const char *path, char *why, size_t size)
{
	struct reading r = { .list = NULL, .end = &r.list };
	const int rc = lines_read(path, take_file_line, &r, why, size);

	if (rc == 0)
		return finish(path, r.list, why, size);
	rules_free(r.list);
	return rc;
}

static void
load_from_environment(void)
{
	const char *path = config_get()->hosts;
	char why[512];

	atomic_store(&redirections, 0);
	if (path != NULL && load_path(path, why, sizeof(why)) < 0)
		config_die("ZSOCK_HOSTS", why);
}

int
hosts_load(const char *path, char *why, size_t size)
{
	pthread_once(&once, load_from_environment);
	return load_path(path, why, size);
}

int
hosts_add(const char *source, const char *lines, char *why, size_t size)
{
	struct hosts_rule *list = NULL, **end = &list;
	char *copy = strdup(lines), *rest = copy, *line;
	int number = 0, rc = 0;

	pthread_once(&once, load_from_environment);
	if (copy == NULL) {
		snprintf(why, size, "%s: out of memory", source);
		return -ENOMEM;
	}
	while (rc == 0 && (line = strsep(&rest, "\n")) != NULL)
		rc = take_line(source, ++number, line, &end, why, size);
	free(copy);
	if (rc == 0)
		return finish(source, list, why, size);
	rules_free(list);
	return rc;
}

void
hosts_clear(void)
{
	struct hosts_rule *old;

	pthread_once(&once, load_from_environment);
	pthread_mutex_lock(&lock);
	old = rules;
	rules = NULL;
	atomic_store(&redirections, 0);
	pthread_mutex_unlock(&lock);
	rules_free(old);
}

void
hosts_freeze(void)
{
	pthread_mutex_lock(&lock);
}

void
hosts_thaw(void)
{
	pthread_mutex_unlock(&lock);
}

static void
standin_store(unsigned number, int family, struct sockaddr_storage *out)
{
	struct address a = { .family = family };
	const uint32_t low = htonl(number);

	if (family == AF_INET) {
		a.v4.s_addr = htonl(HOSTS_STANDIN_V4 + number);
	} else {
		(void)inet_pton(AF_INET6, HOSTS_STANDIN_V6, &a.v6);
		memcpy(&a.v6.s6_addr[12], &low, sizeof(low));
	}
	(void)address_store(&a, 0, out);
}

/* The number of the stand-in that an address is, or 0. */
static unsigned
standin_load(const struct address *a)
{
	struct in6_addr prefix;
	uint32_t n;

	if (a->family == AF_INET) {
		n = ntohl(a->v4.s_addr) - HOSTS_STANDIN_V4;
	} else {
		(void)inet_pton(AF_INET6, HOSTS_STANDIN_V6, &prefix);
		if (memcmp(&prefix, &a->v6, 12) != 0)
			return 0;
		memcpy(&n, &a->v6.s6_addr[12], sizeof(n));
		n = ntohl(n);
	}
	return n <= HOSTS_STANDINS ? n : 0;
}

/* What the lines say about a name, of which there may be several kinds. */
struct matches {
	bool known;       /* an address, or a redirection of this port */
	bool family;      /* some target, or an address, is of this family */
	unsigned standin; /* it has redirections */
	int exact, plain; /* how many of this family were stored */
};

static struct matches
match_locked(const char *name, int family, uint16_t port,
    struct sockaddr_storage *found, int max)
{
	struct matches m = { .known = false };

	for (const struct hosts_rule *r = rules; r != NULL; r = r->next) {
		const bool exact = r->redirects && r->port == port;

		if (strcmp(r->name, name) != 0)
			continue;
		m.known = m.known || exact || !r->redirects;
		if (r->standin != 0)
			m.standin = r->standin;
		if (r->to.family != family)
			continue;
		m.family = true;
		if (exact && max > 0) {
			/* It comes before, and so instead of, all others. */
			m.exact = 1;
			(void)address_store(&r->to, r->to.port, &found[0]);
		} else if (!r->redirects && m.exact == 0 && m.plain < max) {
			(void)address_store(&r->to, port, &found[m.plain++]);
		}
	}
	return m;
}

int
hosts_find(const char *name, int family, uint16_t port,
    struct sockaddr_storage *found, int max)
{
	char key[HOSTS_NAME_MAX + 1];
	struct matches m;

	pthread_once(&once, load_from_environment);
	if (!hosts_line_name(name, key))
		return -ENOENT;
	pthread_mutex_lock(&lock);
	m = match_locked(key, family, port, found, max);
	pthread_mutex_unlock(&lock);
	if (port == 0 && m.standin != 0) {
		if (m.family && max > 0)
			standin_store(m.standin, family, &found[0]);
		return m.family && max > 0;
	}
	if (!m.known)
		return -ENOENT;
	return m.exact != 0 ? m.exact : m.plain;
}

/* The name that has this stand-in, copied; false if there is none. */
static bool
standin_name_locked(unsigned number, char name[HOSTS_NAME_MAX + 1])
{
	const struct hosts_rule *r = rules;

	while (r != NULL && r->standin != number)
		r = r->next;
	if (r == NULL)
		return false;
	memcpy(name, r->name, sizeof(r->name));
	return true;
}

/* Is an address of no name redirected? */
static int
by_address_locked(const struct address *a, struct sockaddr_storage *found)
{
	for (const struct hosts_rule *r = rules; r != NULL; r = r->next) {
		if (r->name[0] == '\0' && r->port == a->port &&
		    address_equal(&r->from, a)) {
			(void)address_store(&r->to, r->to.port, found);
			return 1;
		}
	}
	return 0;
}

static int
refuse(const char *name, uint16_t port)
{
	log_line(LOG_ERROR,
	    "%s:%d is not redirected, but another port of that name is, and "
	    "the name was looked up without a port; add \"%s:%d -> "
	    "address:port\", of the socket's family, to ZSOCK_HOSTS",
	    name, ntohs(port), name, ntohs(port));
	return -ECONNREFUSED;
}

int
hosts_redirect(struct sockaddr_storage *addr, socklen_t *len)
{
	char name[HOSTS_NAME_MAX + 1] = "";
	struct sockaddr_storage found;
	struct address a;
	struct matches m;
	unsigned standin;
	int n;

	n = atomic_load_explicit(&redirections, memory_order_relaxed);
	if (n == NOT_LOADED) {
		pthread_once(&once, load_from_environment);
		n = atomic_load_explicit(&redirections, memory_order_relaxed);
	}
	if (n == 0 || !address_load((struct sockaddr *)addr, &a))
		return 0;
	standin = standin_load(&a);
	pthread_mutex_lock(&lock);
	if (standin != 0 && standin_name_locked(standin, name)) {
		m = match_locked(name, a.family, a.port, &found, 1);
		n = m.exact + m.plain;
	} else {
		n = by_address_locked(&a, &found);
	}
	pthread_mutex_unlock(&lock);
	if (n == 0)
		return name[0] != '\0' ? refuse(name, a.port) : 0;
	*addr = found;
	*len = a.family == AF_INET ? sizeof(struct sockaddr_in)
	                           : sizeof(struct sockaddr_in6);
	return 0;
}
