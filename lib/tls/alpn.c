#include "tls/alpn.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tls/state.h"

void
tls_alpn_print(const unsigned char *wire, unsigned len, char buf[TLS_ALPN_TEXT])
{
	size_t n = 0;

	for (unsigned i = 0; i < len; i += 1U + wire[i]) {
		if (i > 0 && n < TLS_ALPN_TEXT - 2) {
			buf[n++] = ',';
			buf[n++] = ' ';
		}
		for (unsigned k = 1; k <= wire[i] && i + k < len; k++) {
			if (n < TLS_ALPN_TEXT - 1)
				buf[n++] = isprint(wire[i + k])
				    ? (char)wire[i + k]
				    : '?';
		}
	}
	buf[n] = '\0';
}

/*
 * The server's order counts.  A client whose list has none of its protocols is
 * refused (RFC 7301, 3.2); a server without a list passes over the client's.
 */
static int
choose(SSL *ssl, const unsigned char **out, unsigned char *outlen,
    const unsigned char *theirs, unsigned len, void *arg)
{
	struct tls_alpn *a = &tls_state_of(ssl)->alpn;
	unsigned char *name;

	(void)arg; /* none was given to SSL_CTX_set_alpn_select_cb */
	if (a->len == 0)
		return SSL_TLSEXT_ERR_NOACK;
	if (SSL_select_next_proto(&name, outlen, a->wire, a->len, theirs,
	        len) != OPENSSL_NPN_NEGOTIATED) {
		tls_alpn_print(theirs, len, a->refused);
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	}
	*out = name;
	return SSL_TLSEXT_ERR_OK;
}

void
tls_alpn_install(SSL_CTX *c)
{
	SSL_CTX_set_alpn_select_cb(c, choose, NULL);
}

static int
check(const char *name, size_t i, struct verdict *why)
{
	const size_t n = name != NULL ? strnlen(name, TLS_PROTOCOL_MAX + 1) : 0;

	if (n > 0 && n <= TLS_PROTOCOL_MAX)
		return (int)n;
	verdict_set(why,
	    "TLS_ALPN_LIST: name %zu is %s; RFC 7301 wants 1 to %d bytes",
	    i + 1,
	    name == NULL ? "NULL"
	        : n == 0 ? "empty"
	                 : "too long",
	    TLS_PROTOCOL_MAX);
	return -EINVAL;
}

int
tls_alpn_init(struct tls_alpn *a, SSL *ssl, enum tls_role role,
    const struct tls_settings *settings, struct verdict *why)
{
	const size_t n = settings->nprotocols;

	if (n == 0)
		return 0;
	a->wire = malloc(n * (1 + TLS_PROTOCOL_MAX));
	if (a->wire == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		const char *name = settings->protocols[i];
		const int len = check(name, i, why);

		if (len < 0)
			return len;
		a->wire[a->len++] = (unsigned char)len;
		memcpy(&a->wire[a->len], name, (size_t)len);
		a->len += (unsigned)len;
	}
	if (role == TLS_ROLE_CLIENT &&
	    SSL_set_alpn_protos(ssl, a->wire, a->len) != 0)
		return -ENOMEM;
	return 0;
}

void
tls_alpn_fini(struct tls_alpn *a)
{
	free(a->wire);
	*a = (struct tls_alpn){ 0 };
}
