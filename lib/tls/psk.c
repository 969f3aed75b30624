#include "tls/psk.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "base/profile.h"
#include "tls/state.h"
#include "tls/version.h"

static const struct cred *
find_id(const struct cred_set *set, int tag)
{
	for (size_t i = 0; i < set->n; i++) {
		if (set->creds[i]->tag == tag &&
		    set->creds[i]->type == CRED_PSK_ID)
			return set->creds[i];
	}
	return NULL;
}

static int
check_key(const struct cred *key, struct verdict *why)
{
	const size_t most = (size_t)quirk(QUIRK_TLS_PSK_LONGEST);

	if (key->len > 0 && key->len <= most)
		return 0;
	verdict_set(why,
	    "sec_tag %d: the pre-shared key has %zu bytes; the device takes 1 "
	    "to %zu",
	    key->tag, key->len, most);
	return -EINVAL;
}

/* TLS 1.2 in OpenSSL has identities as strings, so no NUL can be in one. */
static int
check_id(const struct cred *id, struct verdict *why)
{
	if (id->len == 0 || id->len > TLS_PSK_ID_MAX) {
		verdict_set(why,
		    "sec_tag %d: the PSK identity has %zu bytes; 1 to %d can "
		    "be used here",
		    id->tag, id->len, TLS_PSK_ID_MAX);
		return -EINVAL;
	}
	if (memchr(id->data, '\0', id->len) != NULL) {
		verdict_set(why,
		    "sec_tag %d: the PSK identity has a NUL byte in it; pass "
		    "strlen(identity) as its length, without the NUL",
		    id->tag);
		return -EINVAL;
	}
	return 0;
}

int
tls_psk_init(struct tls_psk *p, const struct cred *key,
    const struct cred_set *set, struct verdict *why)
{
	int rc;

	p->key = key;
	p->id = find_id(set, key->tag);
	if (p->id == NULL) {
		verdict_set(why,
		    "sec_tag %d: a pre-shared key without its identity: store "
		    "a TLS_CREDENTIAL_PSK_ID under the same tag",
		    key->tag);
		return -quirk(QUIRK_TLS_PSK_WITHOUT_ID);
	}
	rc = check_key(key, why);
	return rc < 0 ? rc : check_id(p->id, why);
}

/* TLS 1.2: a server's hint is nothing that the device looks at. */
static unsigned
offer(SSL *ssl, const char *hint, char *identity, unsigned max_identity,
    unsigned char *psk, unsigned max_psk)
{
	struct tls_psk_state *s = &tls_state_of(ssl)->psk;
	const struct tls_psk *p = &s->psks[0];

	(void)hint;
	if (p->id->len >= max_identity || p->key->len > max_psk)
		return 0;
	memcpy(identity, p->id->data, p->id->len);
	identity[p->id->len] = '\0';
	memcpy(psk, p->key->data, p->key->len);
	s->used = p;
	return (unsigned)p->key->len;
}

/*
 * The session that OpenSSL takes for a pre-shared key in TLS 1.3; its hash is
 * SHA-256, which RFC 8446, 4.2.11 says of keys that have none of their own.
 */
static SSL_SESSION *
session_of(SSL *ssl, const struct tls_psk *p)
{
	static const unsigned char aes_128_gcm_sha256[2] = { 0x13, 0x01 };
	const SSL_CIPHER *c = SSL_CIPHER_find(ssl, aes_128_gcm_sha256);
	SSL_SESSION *session = SSL_SESSION_new();

	if (session == NULL || c == NULL ||
	    SSL_SESSION_set1_master_key(session, p->key->data, p->key->len) !=
	        1 ||
	    SSL_SESSION_set_cipher(session, c) != 1 ||
	    SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION) != 1) {
		SSL_SESSION_free(session);
		return NULL;
	}
	return session;
}

/* TLS 1.3.  md is the hash that is agreed on already, or NULL. */
static int
offer_session(SSL *ssl, const EVP_MD *md, const unsigned char **id,
    size_t *idlen, SSL_SESSION **session)
{
	struct tls_psk_state *s = &tls_state_of(ssl)->psk;
	const struct tls_psk *p = &s->psks[0];

	*session = NULL;
	if (md != NULL && EVP_MD_get_type(md) != NID_sha256)
		return 1;
	*session = session_of(ssl, p);
	if (*session == NULL)
		return 0;
	*id = p->id->data;
	*idlen = p->id->len;
	s->used = p;
	return 1;
}

void
tls_psk_print(const unsigned char *id, size_t len, char buf[TLS_PSK_ID_MAX + 1])
{
	size_t n = 0;

	for (; n < len && n < TLS_PSK_ID_MAX; n++)
		buf[n] = isprint(id[n]) && id[n] != '"' ? (char)id[n] : '?';
	buf[n] = '\0';
}

static const struct tls_psk *
look_up(struct tls_psk_state *s, const void *id, size_t len)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->psks[i].id->len == len &&
		    memcmp(s->psks[i].id->data, id, len) == 0) {
			s->used = &s->psks[i];
			s->unknown = false;
			return s->used;
		}
	}
	s->unknown = s->used == NULL;
	tls_psk_print(id, len, s->named);
	return NULL;
}

static unsigned
accept_identity(SSL *ssl, const char *identity, unsigned char *psk,
    unsigned max_psk)
{
	struct tls_psk_state *s = &tls_state_of(ssl)->psk;
	const struct tls_psk *p = look_up(s, identity, strlen(identity));

	if (p == NULL || p->key->len > max_psk)
		return 0;
	memcpy(psk, p->key->data, p->key->len);
	return (unsigned)p->key->len;
}

/* Also asked for each session ticket: what is no identity is no failure. */
static int
accept_session(SSL *ssl, const unsigned char *identity, size_t len,
    SSL_SESSION **session)
{
	struct tls_psk_state *s = &tls_state_of(ssl)->psk;
	const struct tls_psk *p = look_up(s, identity, len);

	*session = NULL;
	if (p == NULL)
		return 1;
	*session = session_of(ssl, p);
	return *session != NULL;
}

void
tls_psk_attach(SSL *ssl, struct tls_psk_state *state, enum tls_role role,
    const struct tls_psk *psks, size_t n)
{
	*state = (struct tls_psk_state){ .psks = psks, .n = n };
	if (n == 0)
		return;
	SSL_set_options(ssl, SSL_OP_ALLOW_NO_DHE_KEX);
	if (role == TLS_ROLE_CLIENT) {
		SSL_set_psk_client_callback(ssl, offer);
		SSL_set_psk_use_session_callback(ssl, offer_session);
	} else {
		SSL_set_psk_server_callback(ssl, accept_identity);
		SSL_set_psk_find_session_callback(ssl, accept_session);
	}
}

static bool
is_psk_suite(const SSL_CIPHER *c)
{
	return SSL_CIPHER_get_auth_nid(c) == NID_auth_psk ||
	    SSL_CIPHER_get_kx_nid(c) == NID_kx_rsa_psk;
}

/* Suites of TLS 1.2 offer a key by themselves; OpenSSL asks for it later. */
bool
tls_psk_passed_over(SSL *ssl)
{
	const struct tls_psk_state *s = &tls_state_of(ssl)->psk;
	const SSL_CIPHER *chosen = SSL_get_pending_cipher(ssl);
	STACK_OF(SSL_CIPHER) *all = SSL_get_ciphers(ssl);
	bool offered = s->used != NULL;

	for (int i = 0; i < sk_SSL_CIPHER_num(all) && s->n > 0 && !offered; i++)
		offered = is_psk_suite(sk_SSL_CIPHER_value(all, i));
	return offered && (chosen == NULL || !is_psk_suite(chosen));
}

bool
tls_psk_suite_offered(SSL *ssl)
{
	const unsigned char *p = NULL;
	const long len = SSL_get0_raw_cipherlist(ssl, &p);

	for (long i = 0; p != NULL && i + 1 < len; i += 2) {
		const SSL_CIPHER *c = SSL_CIPHER_find(ssl, p + i);

		if (c != NULL && is_psk_suite(c))
			return true;
	}
	return false;
}

bool
tls_psk_proved(const SSL *ssl)
{
	if (tls_state_of(ssl)->psk.used == NULL)
		return false;
	if (tls_version_is_1_3(SSL_version(ssl)))
		return SSL_session_reused(ssl) == 1 &&
		    !tls_session_resumed(ssl);
	return is_psk_suite(SSL_get_current_cipher(ssl));
}
