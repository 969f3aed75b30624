#include "tls/cookie.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/deadline.h"
#include "tls/state.h"

#define COOKIE_SIZE 32

/* A cookie is good for this long, at least; for twice that at most. */
#define PERIOD_NS (INT64_C(60) * 1000000000)

static unsigned char secret[32];
static bool has_secret;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
make_secret(void)
{
	has_secret = RAND_priv_bytes(secret, sizeof(secret)) == 1;
}

static bool
compute(const struct tls_cookie *c, int64_t period,
    unsigned char cookie[COOKIE_SIZE])
{
	unsigned char text[sizeof(period) + TLS_COOKIE_PEER_MAX];
	size_t n;

	pthread_once(&once, make_secret);
	if (!has_secret)
		return false;
	memcpy(text, &period, sizeof(period));
	memcpy(text + sizeof(period), c->peer, c->len);
	return EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, secret,
	           sizeof(secret), text, sizeof(period) + c->len, cookie,
	           COOKIE_SIZE, &n) != NULL &&
	    n == COOKIE_SIZE;
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
