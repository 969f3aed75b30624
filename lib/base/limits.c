#include "base/limits.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/config.h"
#include "base/lines.h"
#include "base/log.h"

#define NO_LIMIT (-1)
#define VALUE_MAX (INT_MAX - 1) /* one more is stored */
#define HOSTNAME_MAX 63

/* The names of one limit, the newest first. */
static const struct {
	const char *names[2];
} rows[LIMIT_COUNT] = {
	[LIMIT_FDS] = { { "CONFIG_ZVFS_OPEN_MAX", "CONFIG_POSIX_MAX_FDS" } },
	[LIMIT_CONTEXTS] = { { "CONFIG_NET_MAX_CONTEXTS" } },
	[LIMIT_TLS_CONTEXTS] = { { "CONFIG_NET_SOCKETS_TLS_MAX_CONTEXTS" } },
	[LIMIT_TLS_TAGS] = { { "CONFIG_NET_SOCKETS_TLS_MAX_CREDENTIALS" } },
	[LIMIT_TLS_SUITES] = { { "CONFIG_NET_SOCKETS_TLS_MAX_CIPHERSUITES" } },
	[LIMIT_TLS_PROTOCOLS] = { { "CONFIG_NET_SOCKETS_TLS_MAX_APP_"
	                            "PROTOCOLS" } },
	[LIMIT_TLS_SESSIONS] = { { "CONFIG_NET_SOCKETS_TLS_MAX_CLIENT_SESSION_"
	                           "COUNT" } },
	[LIMIT_TLS_SESSION_CONTEXTS] = { { "CONFIG_NET_SOCKETS_TLS_MAX_SESSION_"
	                                   "CONTEXTS" } },
	[LIMIT_TLS_CONTENT] = { { "CONFIG_MBEDTLS_SSL_MAX_CONTENT_LEN" } },
	[LIMIT_DTLS_FRAGMENT] = { { "CONFIG_NET_SOCKETS_DTLS_MAX_FRAGMENT_"
	                            "LENGTH" } },
	[LIMIT_DTLS_SENDMSG] = { { "CONFIG_NET_SOCKETS_DTLS_SENDMSG_BUF_"
	                           "SIZE" } },
	[LIMIT_DTLS_IDLE_MS] = { { "CONFIG_NET_SOCKETS_DTLS_TIMEOUT" } },
	[LIMIT_CREDENTIALS] = { { "CONFIG_TLS_MAX_CREDENTIALS_NUMBER" } },
	[LIMIT_POLL] = { { "CONFIG_ZVFS_POLL_MAX",
	    "CONFIG_NET_SOCKETS_POLL_MAX" } },
	[LIMIT_PAIR_BUFFER] = { { "CONFIG_NET_SOCKETPAIR_BUFFER_SIZE" } },
	[LIMIT_PAIRS] = { { "CONFIG_NET_SOCKETPAIR_MAX" } },
	[LIMIT_EVENTS] = { { "CONFIG_ZVFS_EVENTFD_MAX",
	    "CONFIG_EVENTFD_MAX" } },
	[LIMIT_RECV_WINDOW] = { { "CONFIG_NET_TCP_MAX_RECV_WINDOW_SIZE" } },
	[LIMIT_SEND_WINDOW] = { { "CONFIG_NET_TCP_MAX_SEND_WINDOW_SIZE" } },
	[LIMIT_TX_BUFFERS] = { { "CONFIG_NET_BUF_TX_COUNT" } },
	[LIMIT_BUFFER_SIZE] = { { "CONFIG_NET_BUF_DATA_SIZE" } },
	[LIMIT_CONNECT_MS] = { { "CONFIG_NET_SOCKETS_CONNECT_TIMEOUT" } },
	[LIMIT_SEND_MS] = { { "CONFIG_NET_SOCKET_MAX_SEND_WAIT" } },
	[LIMIT_HANDSHAKE_MS] = { { "CONFIG_NET_SOCKETS_TLS_CONNECT_TIMEOUT" } },
	[LIMIT_DNS_MS] = { { "CONFIG_NET_SOCKETS_DNS_TIMEOUT" } },
	[LIMIT_DNS_ENTRIES] = { { "CONFIG_DNS_RESOLVER_AI_MAX_ENTRIES" } },
};

/* What a file or the program has said; value and spelling change together. */
struct setting {
	int value;
	int name;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
atomic_int limit_values[LIMIT_COUNT];
static struct {
	atomic_int name;
	atomic_int used;
} limits[LIMIT_COUNT];
static char hostname[HOSTNAME_MAX + 1]; /* guarded by lock while loading */
static atomic_bool hostname_set;

const char *
limit_symbol(enum limit l)
{
	return rows[l].names[atomic_load(&limits[l].name)];
}

const char *
limit_hostname(void)
{
	return atomic_load(&hostname_set) ? hostname : NULL;
}

/* Kconfig gives one of them another one's value unless it is set. */
static int
in_force(enum limit l)
{
	const int own = limit_get(l, NO_LIMIT);

	return own == NO_LIMIT && l == LIMIT_TLS_SESSION_CONTEXTS
	    ? limit_get(LIMIT_TLS_CONTEXTS, NO_LIMIT)
	    : own;
}

void
limit_exceeded(enum limit l, const char *what)
{
	log_line(LOG_WARN, "%s: %s=%d does not allow it; raise that symbol",
	    what, limit_symbol(l), in_force(l));
}

/* It is never above the limit, or it would forbid what others may have. */
bool
limit_try(enum limit l)
{
	const int max = in_force(l);
	int used = atomic_load(&limits[l].used);

	while (max == NO_LIMIT || used < max) {
		if (atomic_compare_exchange_weak(&limits[l].used, &used,
		        used + 1))
			return true;
	}
	return false;
}

bool
limit_take(enum limit l, const char *what)
{
	if (limit_try(l))
		return true;
	limit_exceeded(l, what);
	return false;
}

void
limit_give(enum limit l)
{
	atomic_fetch_sub(&limits[l].used, 1);
}

static bool
find(const char *symbol, enum limit *l, int *name)
{
	for (int i = 0; i < LIMIT_COUNT; i++) {
		for (int n = 0; n < 2; n++) {
			if (rows[i].names[n] == NULL ||
			    strcmp(rows[i].names[n], symbol) != 0)
				continue;
			*l = (enum limit)i;
			*name = n;
			return true;
		}
	}
	return false;
}

static void
apply(enum limit l, struct setting s)
{
	atomic_store(&limits[l].name, s.name);
	atomic_store(&limit_values[l], s.value + 1);
}

int
limits_set(const char *symbol, int value)
{
	struct setting s = { .value = value };
	enum limit l;

	if (!find(symbol, &l, &s.name))
		return -ENOENT;
	if (value < NO_LIMIT || value > VALUE_MAX)
		return -EINVAL;
	apply(l, s);
	return 0;
}

void
limits_clear(void)
{
	for (int i = 0; i < LIMIT_COUNT; i++)
		apply((enum limit)i, (struct setting){ .value = NO_LIMIT });
	atomic_store(&hostname_set, false);
}

/* What one file says, before it takes effect as a whole. */
struct reading {
	struct setting settings[LIMIT_COUNT];
	char hostname[HOSTNAME_MAX + 1];
	bool hostname_set;
};

/* A Kconfig number: decimal, or hexadecimal with 0x.  010 may be meant as 8. */
static bool
parse_number(const char *text, int *value)
{
	const bool hex = strncasecmp(text, "0x", 2) == 0;
	char *end;
	long n;

	if (!isdigit((unsigned char)*text) ||
	    (!hex && text[0] == '0' && text[1] != '\0'))
		return false;
	errno = 0;
	n = strtol(text, &end, hex ? 16 : 10);
	if (errno != 0 || *end != '\0' || n > VALUE_MAX)
		return false;
	*value = (int)n;
	return true;
}

/* A Kconfig string: in double quotes. */
static bool
parse_hostname(const char *text, struct reading *r)
{
	const size_t len = strlen(text);

	if (len < 2 || len - 2 > HOSTNAME_MAX || text[0] != '"' ||
	    text[len - 1] != '"')
		return false;
	memcpy(r->hostname, text + 1, len - 2);
	r->hostname[len - 2] = '\0';
	r->hostname_set = true;
	return true;
}

/* What is wrong with a line that has value, if it is bad, after the =. */
static const char *
complaint(const char *value, bool blank_before)
{
	const char *end = *value == '"' ? strchr(value + 1, '"') : value;

	if (blank_before || (*value != '\0' && strchr(LINES_BLANKS, *value)))
		return "no blank may stand beside the =";
	if (end != NULL && *end != '#' && strchr(end, '#') != NULL)
		return "no comment may stand after the value";
	return "the value is not one that Kconfig writes: a number, or a name "
	       "in quotes";
}

/*
 * One line: NULL, or what is wrong.  What Kconfig would not have written, blanks
 * around the =, say, is an error only with a symbol that counts here.
 */
static const char *
parse_line(char *line, struct reading *r)
{
	struct setting s;
	enum limit l;
	char *value;
	bool neat, good;

	line = lines_trim(line);
	value = strchr(line, '=');
	if (*line == '#' || value == NULL)
		return NULL;
	*value++ = '\0';
	neat = strpbrk(line, LINES_BLANKS) == NULL;
	line = lines_trim(line);
	if (strcmp(line, "CONFIG_NET_HOSTNAME") == 0) {
		good = neat && parse_hostname(value, r);
	} else if (find(line, &l, &s.name)) {
		good = neat && parse_number(value, &s.value);
		if (good)
			r->settings[l] = s;
	} else {
		good = true;
	}
	return good ? NULL : complaint(value, !neat);
}

static int
take_line(void *arg, const char *path, int number, char *line, char *why,
    size_t size)
{
	const char *wrong = parse_line(line, arg);

	if (wrong == NULL)
		return 0;
	snprintf(why, size, "%s:%d: %s", path, number, wrong);
	return -EINVAL;
}

int
limits_load(const char *path, char *why, size_t size)
{
	struct reading r = { .hostname_set = false };
	int rc;

	for (int i = 0; i < LIMIT_COUNT; i++)
		r.settings[i].value = NO_LIMIT;
	rc = lines_read(path, take_line, &r, why, size);
	if (rc < 0)
		return rc;
	pthread_mutex_lock(&lock);
	for (int i = 0; i < LIMIT_COUNT; i++) {
		if (r.settings[i].value != NO_LIMIT)
			apply((enum limit)i, r.settings[i]);
	}
	if (r.hostname_set) {
		memcpy(hostname, r.hostname, sizeof(hostname));
		atomic_store(&hostname_set, true);
	}
	pthread_mutex_unlock(&lock);
	return 0;
}

void
limits_freeze(void)
{
	pthread_mutex_lock(&lock);
}

void
limits_thaw(void)
{
	pthread_mutex_unlock(&lock);
}

static void
load_from_environment(void)
{
	const char *path = config_get()->limits;
	const int saved = errno;
	char why[512];

	if (path != NULL && limits_load(path, why, sizeof(why)) < 0)
		config_die("ZSOCK_LIMITS", why);
	errno = saved;
}

void
limits_from_environment(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, load_from_environment);
}
