/*
 * Mbed TLS's end of an interop connection, as a device has it; ends.c has the
 * usage.  For Mbed TLS 2.28, which has no TLS 1.3.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/error.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cache.h>
#include <mbedtls/ssl_ticket.h>

#include "interop/ends.h"

#define TICKET_LIFETIME_S 3600

/* What all connections of the program have in common. */
struct common {
	mbedtls_entropy_context entropy;
	mbedtls_ctr_drbg_context random;
	mbedtls_x509_crt ca, cert;
	mbedtls_pk_context key;
	mbedtls_ssl_cache_context cache;
	mbedtls_ssl_ticket_context tickets;
	mbedtls_ssl_config config;
	mbedtls_ssl_session session;
	bool have_session;
};

static int
good(int rc, const char *what)
{
	char why[128];

	if (rc >= 0)
		return rc;
	mbedtls_strerror(rc, why, sizeof(why));
	end_fail(what, why);
}

static void
load_certificates(struct common *m, const struct end_args *a)
{
	mbedtls_ssl_config *c = &m->config;

	if (a->ca != NULL) {
		good(mbedtls_x509_crt_parse_file(&m->ca, a->ca), a->ca);
		mbedtls_ssl_conf_ca_chain(c, &m->ca, NULL);
	}
	if (a->cert != NULL && a->key != NULL) {
		good(mbedtls_x509_crt_parse_file(&m->cert, a->cert), a->cert);
		good(mbedtls_pk_parse_keyfile(&m->key, a->key, NULL), a->key);
		good(mbedtls_ssl_conf_own_cert(c, &m->cert, &m->key), a->key);
	}
	if (a->npsk > 0) {
		const struct end_psk psk = end_parse_psk(a->psk[0]);

		good(mbedtls_ssl_conf_psk(c, psk.key, psk.len,
		         (const unsigned char *)psk.id, psk.id_len),
		    "psk");
	}
}

static void
keep_sessions(struct common *m, const struct end_args *a)
{
	mbedtls_ssl_config *c = &m->config;

	mbedtls_ssl_conf_session_tickets(c,
	    a->sessions && a->tickets ? MBEDTLS_SSL_SESSION_TICKETS_ENABLED
	                              : MBEDTLS_SSL_SESSION_TICKETS_DISABLED);
	if (!a->sessions || !a->server)
		return;
	mbedtls_ssl_conf_session_cache(c, &m->cache, mbedtls_ssl_cache_get,
	    mbedtls_ssl_cache_set);
	if (!a->tickets)
		return;
	good(mbedtls_ssl_ticket_setup(&m->tickets, mbedtls_ctr_drbg_random,
	         &m->random, MBEDTLS_CIPHER_AES_256_GCM, TICKET_LIFETIME_S),
	    "tickets");
	mbedtls_ssl_conf_session_tickets_cb(c, mbedtls_ssl_ticket_write,
	    mbedtls_ssl_ticket_parse, &m->tickets);
}

static void
configure(struct common *m, struct end_args *a)
{
	mbedtls_ssl_config *c = &m->config;

	mbedtls_entropy_init(&m->entropy);
	mbedtls_ctr_drbg_init(&m->random);
	mbedtls_x509_crt_init(&m->ca);
	mbedtls_x509_crt_init(&m->cert);
	mbedtls_pk_init(&m->key);
	mbedtls_ssl_cache_init(&m->cache);
	mbedtls_ssl_ticket_init(&m->tickets);
	mbedtls_ssl_session_init(&m->session);
	mbedtls_ssl_config_init(c);
	good(mbedtls_ctr_drbg_seed(&m->random, mbedtls_entropy_func,
	         &m->entropy, NULL, 0),
	    "seed");
	good(mbedtls_ssl_config_defaults(c,
	         a->server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
	         MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT),
	    "defaults");
	mbedtls_ssl_conf_rng(c, mbedtls_ctr_drbg_random, &m->random);
	mbedtls_ssl_conf_min_version(c, MBEDTLS_SSL_MAJOR_VERSION_3,
	    MBEDTLS_SSL_MINOR_VERSION_3);
	mbedtls_ssl_conf_read_timeout(c, END_WAIT_S * 1000);
	if (a->verify >= 0)
		mbedtls_ssl_conf_authmode(c, a->verify);
	if (a->nsuites > 0)
		mbedtls_ssl_conf_ciphersuites(c, a->suites);
	if (a->nalpn > 0)
		good(mbedtls_ssl_conf_alpn_protocols(c, a->alpn), "alpn");
	load_certificates(m, a);
	keep_sessions(m, a);
}

/*
 * Only a full handshake exchanges keys.  In the others the session is what
 * both sides have still got.
 */
static bool
handshake(mbedtls_ssl_context *ssl)
{
	bool resumed = true;

	while (ssl->state != MBEDTLS_SSL_HANDSHAKE_OVER) {
		if (ssl->state == MBEDTLS_SSL_CLIENT_KEY_EXCHANGE)
			resumed = false;
		good(mbedtls_ssl_handshake_step(ssl), "handshake");
	}
	return resumed;
}

static void
tell_open(const mbedtls_ssl_context *ssl, bool resumed)
{
	const char *suite = mbedtls_ssl_get_ciphersuite(ssl);
	const char *alpn = mbedtls_ssl_get_alpn_protocol(ssl);

	end_tell_open(mbedtls_ssl_get_version(ssl), suite,
	    (unsigned)mbedtls_ssl_get_ciphersuite_id(suite),
	    (unsigned)mbedtls_ssl_get_verify_result(ssl),
	    alpn != NULL ? alpn : "", resumed);
}

static void
send_all(void *with, const unsigned char *data, size_t len)
{
	while (len > 0) {
		const int n = good(mbedtls_ssl_write(with, data, len), "write");

		data += n;
		len -= (size_t)n;
	}
}

/* Only close_notify is an end here, the end of TCP's stream is none. */
static size_t
recv_some(void *with, unsigned char *data, size_t len)
{
	const int n = mbedtls_ssl_read(with, data, len);

	if (n == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
		return 0;
	if (n == 0)
		end_fail("read", "the stream ended without close_notify");
	return (size_t)good(n, "read");
}

static void
converse(mbedtls_net_context *net, struct common *m, const struct end_args *a)
{
	mbedtls_ssl_context ssl;
	const struct end_stream stream = { &ssl, send_all, recv_some };

	mbedtls_ssl_init(&ssl);
	good(mbedtls_ssl_setup(&ssl, &m->config), "setup");
	mbedtls_ssl_set_bio(&ssl, net, mbedtls_net_send, NULL,
	    mbedtls_net_recv_timeout);
	if (!a->server && a->name != NULL)
		good(mbedtls_ssl_set_hostname(&ssl, a->name), a->name);
	if (m->have_session)
		good(mbedtls_ssl_set_session(&ssl, &m->session), "session");
	tell_open(&ssl, handshake(&ssl));
	if (a->sessions && !a->server) {
		mbedtls_ssl_session_free(&m->session);
		good(mbedtls_ssl_get_session(&ssl, &m->session), "session");
		m->have_session = true;
	}
	end_run_steps(a, &stream);
	good(mbedtls_ssl_close_notify(&ssl), "close_notify");
	mbedtls_net_free(net);
	mbedtls_ssl_free(&ssl);
	printf("closed\n");
}

static void
run_client(struct common *m, const struct end_args *a)
{
	char port[8];

	snprintf(port, sizeof(port), "%d", a->port);
	for (int i = 0; i < a->rounds; i++) {
		mbedtls_net_context net;

		mbedtls_net_init(&net);
		good(mbedtls_net_connect(&net, "127.0.0.1", port,
		         MBEDTLS_NET_PROTO_TCP),
		    "connect");
		converse(&net, m, a);
	}
}

static void
run_server(struct common *m, const struct end_args *a)
{
	mbedtls_net_context listener, net;
	struct sockaddr_in at;
	socklen_t len = sizeof(at);

	mbedtls_net_init(&listener);
	good(mbedtls_net_bind(&listener, "127.0.0.1", "0",
	         MBEDTLS_NET_PROTO_TCP),
	    "bind");
	good(getsockname(listener.fd, (struct sockaddr *)&at, &len),
	    "getsockname");
	printf("listening %d\n", ntohs(at.sin_port));
	for (int i = 0; i < a->rounds; i++) {
		mbedtls_net_init(&net);
		good(mbedtls_net_accept(&listener, &net, NULL, 0, NULL),
		    "accept");
		converse(&net, m, a);
	}
	mbedtls_net_free(&listener);
}

int
main(int argc, char **argv)
{
	static struct common common;
	struct end_args a;

	end_take_args(&a, argc, argv);
	configure(&common, &a);
	if (a.server)
		run_server(&common, &a);
	else
		run_client(&common, &a);
	return 0;
}
