#include "tls/cookie.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "base/deadline.h"
#include "tls/state.h"

#define COOKIE_SIZE 32

/* A cookie is good for this long, at least; for twice that at most. */
#define PERIOD_NS (INT64_C(60) * 1000000000)

#define SECRET_SIZE 32

/* Of the secret, but nothing else yet: each cookie goes on with a copy. */
static _Atomic(EVP_MAC_CTX *) begun;

static EVP_MAC_CTX *
begin(void)
{
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = hmac != NULL ? EVP_MAC_CTX_new(hmac) : NULL;
	OSSL_PARAM params[2] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST,
		    "SHA256", 0),
		OSSL_PARAM_construct_end()
	};
	unsigned char secret[SECRET_SIZE];

	EVP_MAC_free(hmac);
	if (ctx != NULL &&
	    (RAND_priv_bytes(secret, sizeof(secret)) != 1 ||
	        EVP_MAC_init(ctx, secret, sizeof(secret), params) != 1)) {
		EVP_MAC_CTX_free(ctx);
		ctx = NULL;
	}
	OPENSSL_cleanse(secret, sizeof(secret));
	return ctx;
}

/* Of two threads that begin at once, one throws its own away. */
static EVP_MAC_CTX *
copy(void)
{
	EVP_MAC_CTX *first = atomic_load(&begun), *fresh;

	if (first == NULL) {
		fresh = begin();
		if (fresh == NULL)
			return NULL;
		if (atomic_compare_exchange_strong(&begun, &first, fresh))
			first = fresh;
		else
			EVP_MAC_CTX_free(fresh);
	}
	return EVP_MAC_CTX_dup(first);
}

static bool
compute(const struct tls_cookie *c, int64_t period,
    unsigned char cookie[COOKIE_SIZE])
{
	EVP_MAC_CTX *ctx = copy();
	size_t n = 0;
	bool ok;

	ok = ctx != NULL &&
	    EVP_MAC_update(ctx, (const unsigned char *)&period,
	        sizeof(period)) == 1 &&
	    EVP_MAC_update(ctx, c->peer, c->len) == 1 &&
	    EVP_MAC_final(ctx, cookie, &n, COOKIE_SIZE) == 1 &&
	    n == COOKIE_SIZE;
	EVP_MAC_CTX_free(ctx);
	return ok;
}

static int
generate(SSL *ssl, unsigned char *cookie, unsigned *len)
{
	*len = COOKIE_SIZE;
	return compute(&tls_state_of(ssl)->cookie,
	    deadline_now_ns() / PERIOD_NS, cookie);
}

static int
verify(SSL *ssl, const unsigned char *cookie, unsigned len)
{
	const int64_t now = deadline_now_ns() / PERIOD_NS;
	unsigned char wanted[COOKIE_SIZE];

	if (len != COOKIE_SIZE)
		return 0;
	for (int64_t period = now; period >= now - 1; period--) {
		if (compute(&tls_state_of(ssl)->cookie, period, wanted) &&
		    CRYPTO_memcmp(cookie, wanted, COOKIE_SIZE) == 0)
			return 1;
	}
	return 0;
}

void
tls_cookie_install(SSL_CTX *c)
{
	SSL_CTX_set_cookie_generate_cb(c, generate);
	SSL_CTX_set_cookie_verify_cb(c, verify);
}
