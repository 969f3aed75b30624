#include "tls/session.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "tls/state.h"
#include "tls/version.h"

/* Sessions kept unless the target's limits say otherwise; and the most. */
#define KEPT 64
#define KEPT_MAX 1024

/* Bytes: what a datagram of 1232 has room for beside the rest of a hello. */
#define DGRAM_TICKET_MAX 800

struct entry {
	struct entry *next;
	SSL_SESSION *session;
	uint64_t context;
	enum tls_verify mode;
	bool dgram;
	char *hostname; /* or NULL */
	char peer[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct entry *entries; /* guarded by lock; the newest first */

/* Purges so far: part of what a server's sessions are good for. */
static atomic_uint generation;

void
tls_session_freeze(void)
{
	pthread_mutex_lock(&lock);
}

void
tls_session_thaw(void)
{
	pthread_mutex_unlock(&lock);
}

static void
entry_free(struct entry *e)
{
	if (e == NULL)
		return;
	SSL_SESSION_free(e->session);
	free(e->hostname);
	free(e);
}

static bool
same_name(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* The place of the session by its key; what is in it is NULL if none is. */
static struct entry **
find_locked(const struct tls_session_state *s)
{
	struct entry **link = &entries;

	while (*link != NULL &&
	    ((*link)->context != s->context || (*link)->mode != s->mode ||
	        (*link)->dgram != s->dgram ||
	        strcmp((*link)->peer, s->peer) != 0 ||
	        !same_name((*link)->hostname, s->hostname)))
		link = &(*link)->next;
	return link;
}

static struct entry *
take_locked(struct entry **link)
{
	struct entry *e = *link;

	if (e != NULL)
		*link = e->next;
	return e;
}

static struct entry *
entry_new(const struct tls_session_state *s, SSL_SESSION *session)
{
	const size_t n = strlen(s->peer) + 1;
	struct entry *e = calloc(1, sizeof(*e) + n);

	if (e == NULL)
		return NULL;
	memcpy(e->peer, s->peer, n);
	e->context = s->context;
	e->mode = s->mode;
	e->dgram = s->dgram;
	if (s->hostname != NULL) {
		e->hostname = strdup(s->hostname);
		if (e->hostname == NULL) {
			free(e);
			return NULL;
		}
	}
	e->session = session;
	return e;
}

/* The entry after the newest n, and those behind it. */
static struct entry *
rest_locked(int n)
{
	struct entry **link = &entries, *rest;

	while (n-- > 0 && *link != NULL)
		link = &(*link)->next;
	rest = *link;
	*link = NULL;
	return rest;
}

static void
free_list(struct entry *e)
{
	struct entry *next;

	for (; e != NULL; e = next) {
		next = e->next;
		entry_free(e);
	}
}

bool
tls_session_wanted(const struct tls_settings *settings)
{
	return settings->cache && settings->callback.call == NULL;
}

/*
 * The flags stay with the session, for OpenSSL itself remembers no more than
 * one problem.  In a server's tickets they are encrypted with the rest of it.
 */
static bool
flags_of(SSL_SESSION *session, uint32_t *flags)
{
	void *data;
	size_t len;

	if (SSL_SESSION_get0_ticket_appdata(session, &data, &len) != 1 ||
	    len != sizeof(*flags))
		return false;
	memcpy(flags, data, len);
	return true;
}

static bool
note_flags(SSL *ssl, SSL_SESSION *session)
{
	struct tls_verify_state *v = &tls_state_of(ssl)->verify;
	uint32_t noted;

	if (flags_of(session, &noted))
		return true;             /* others may read it already */
	(void)tls_verify_finish(ssl, v); /* the engine asks again */
	return SSL_SESSION_set1_ticket_appdata(session, &v->flags,
	           sizeof(v->flags)) == 1;
}

bool
tls_session_flags(const SSL *ssl, uint32_t *flags)
{
	return flags_of(SSL_get0_session(ssl), flags);
}

/*
 * A pre-shared key of TLS 1.3 comes without a ticket to the client, and with a
 * key found here to the server.
 */
bool
tls_session_resumed(const SSL *ssl)
{
	if (SSL_session_reused(ssl) != 1)
		return false;
	return tls_state_of(ssl)->psk.used == NULL ||
	    !tls_version_is_1_3(SSL_version(ssl)) ||
	    SSL_SESSION_has_ticket(SSL_get0_session(ssl)) == 1;
}

/* A server makes a ticket. */
static int
on_ticket(SSL *ssl, void *arg)
{
	(void)arg; /* none was given to SSL_CTX_set_session_ticket_cb */
	return note_flags(ssl, SSL_get_session(ssl)) ? 1 : 0;
}

/* A server has put a session into OpenSSL's cache, whose it stays. */
static int
on_cached(SSL *ssl, SSL_SESSION *session)
{
	(void)note_flags(ssl, session); /* without, nothing is known */
	return 0;
}

/*
 * OpenSSL has a session for the client: at the end of a handshake of TLS 1.2,
 * whenever a ticket comes in TLS 1.3.  1: the reference is ours from now on.
 */
static int
keep(SSL *ssl, SSL_SESSION *session)
{
	const struct tls_session_state *s = &tls_state_of(ssl)->session;
	const int limit = limit_get(LIMIT_TLS_SESSIONS, KEPT);
	struct entry *e, *old, *rest;

	if (!s->on || !note_flags(ssl, session))
		return 0;
	e = entry_new(s, session);
	if (e == NULL)
		return 0; /* the next handshake is a full one */
	pthread_mutex_lock(&lock);
	old = take_locked(find_locked(s));
	e->next = entries;
	entries = e;
	rest = rest_locked(limit < KEPT_MAX ? limit : KEPT_MAX);
	pthread_mutex_unlock(&lock);
	entry_free(old);
	free_list(rest);
	return 1;
}

void
tls_session_install(SSL_CTX *c, enum tls_role role)
{
	if (role == TLS_ROLE_SERVER) {
		SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_SERVER);
		SSL_CTX_sess_set_new_cb(c, on_cached);
		SSL_CTX_set_session_ticket_cb(c, on_ticket, NULL, NULL);
		SSL_CTX_set_num_tickets(c, 1); /* it cannot fail */
		return;
	}
	SSL_CTX_set_session_cache_mode(c,
	    SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(c, keep);
}

/*
 * Of what is older than TLS 1.3 a session brings its ciphersuite with it, which
 * the list may have no longer.
 */
static bool
has_suite_of(SSL *ssl, const SSL_SESSION *session)
{
	return tls_version_is_1_3(SSL_SESSION_get_protocol_version(session)) ||
	    sk_SSL_CIPHER_find(SSL_get_ciphers(ssl),
	        SSL_SESSION_get0_cipher(session)) >= 0;
}

/*
 * A ticket has the client's certificates in it and may be long, but a
 * ClientHello has to be one datagram: some servers take none in parts, as they
 * keep nothing of a client that has not returned its cookie.
 */
static bool
fits(const struct tls_session_state *s, const SSL_SESSION *session)
{
	const unsigned char *ticket;
	size_t len = 0;

	SSL_SESSION_get0_ticket(session, &ticket, &len);
	return !s->dgram || len <= DGRAM_TICKET_MAX;
}

static void
offer(SSL *ssl, struct tls_session_state *s)
{
	struct entry *e;

	pthread_mutex_lock(&lock);
	e = *find_locked(s);
	s->offered = e != NULL && has_suite_of(ssl, e->session) &&
	    fits(s, e->session) && SSL_set_session(ssl, e->session) == 1;
	pthread_mutex_unlock(&lock);
}

/*
 * A session of another mode, or from before a purge, is none of this kind; of
 * other suites it is another SSL_CTX's.
 */
static void
limit_use(SSL *ssl, const struct tls_session_state *s)
{
	const unsigned purges = atomic_load(&generation);
	unsigned char kind[1 + sizeof(purges)] = { (unsigned char)s->mode };

	memcpy(&kind[1], &purges, sizeof(purges));
	(void)SSL_set_session_id_context(ssl, kind, sizeof(kind)); /* it fits */
}

void
tls_session_attach(SSL *ssl, struct tls_session_state *state,
    enum tls_role role)
{
	/* Without it, OpenSSL's servers that verify refuse pre-shared keys. */
	if (role == TLS_ROLE_SERVER)
		limit_use(ssl, state);
	else if (state->on)
		offer(ssl, state);
	/* One with the client's certificates would tear its next hello. */
	if (role == TLS_ROLE_SERVER && state->dgram &&
	    state->mode != TLS_VERIFY_NONE)
		SSL_set_options(ssl, SSL_OP_NO_TICKET);
}

void
tls_session_drop(const struct tls_session_state *state)
{
	struct entry *e;

	if (!state->offered)
		return;
	pthread_mutex_lock(&lock);
	e = take_locked(find_locked(state));
	pthread_mutex_unlock(&lock);
	entry_free(e);
}

void
tls_session_forget(uint64_t context)
{
	struct entry *e, **link = &entries, *rest = NULL;

	pthread_mutex_lock(&lock);
	while ((e = *link) != NULL) {
		if (e->context == context) {
			*link = e->next;
			e->next = rest;
			rest = e;
		} else {
			link = &e->next;
		}
	}
	pthread_mutex_unlock(&lock);
	free_list(rest);
}

void
tls_session_purge(void)
{
	struct entry *all;

	atomic_fetch_add(&generation, 1);
	pthread_mutex_lock(&lock);
	all = rest_locked(0);
	pthread_mutex_unlock(&lock);
	free_list(all);
}

size_t
tls_session_count(void)
{
	size_t n = 0;

	pthread_mutex_lock(&lock);
	for (const struct entry *e = entries; e != NULL; e = e->next)
		n++;
	pthread_mutex_unlock(&lock);
	return n;
}
