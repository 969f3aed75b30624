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
#include <mbedtls/ssl_cookie.h>
#include <mbedtls/ssl_ticket.h>
#include <mbedtls/timing.h>

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
	mbedtls_ssl_cookie_ctx cookies;
	mbedtls_ssl_config config;
	mbedtls_ssl_session session;
	bool have_session;
};

/* Whom a connection is with. */
struct peer {
	mbedtls_net_context net;
	unsigned char address[16];
	size_t address_len;
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

/* What DTLS needs besides: cookies, and how long to wait for an answer. */
static void
configure_dtls(struct common *m, const struct end_args *a)
{
	mbedtls_ssl_config *c = &m->config;

	mbedtls_ssl_cookie_init(&m->cookies);
	good(mbedtls_ssl_cookie_setup(&m->cookies, mbedtls_ctr_drbg_random,
	         &m->random),
	    "cookies");
	mbedtls_ssl_conf_dtls_cookies(c, mbedtls_ssl_cookie_write,
	    mbedtls_ssl_cookie_check, &m->cookies);
	if (a->resend[0] > 0)
		mbedtls_ssl_conf_handshake_timeout(c, (uint32_t)a->resend[0],
		    (uint32_t)a->resend[1]);
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
	         a->dtls ? MBEDTLS_SSL_TRANSPORT_DATAGRAM
	                 : MBEDTLS_SSL_TRANSPORT_STREAM,
	         MBEDTLS_SSL_PRESET_DEFAULT),
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
	if (a->dtls)
		configure_dtls(m, a);
	load_certificates(m, a);
	keep_sessions(m, a);
}

static const char *
host(const struct end_args *a)
{
	return a->ipv6 ? "::1" : "127.0.0.1";
}

static int
protocol(const struct end_args *a)
{
	return a->dtls ? MBEDTLS_NET_PROTO_UDP : MBEDTLS_NET_PROTO_TCP;
}

/* A cookie of DTLS is bound to the address of who is to come back with it. */
static void
await_client(mbedtls_ssl_context *ssl, const struct peer *p)
{
	good(mbedtls_ssl_session_reset(ssl), "reset");
	good(mbedtls_ssl_set_client_transport_id(ssl, p->address,
	         p->address_len),
	    "transport id");
}

/*
 * Only a full handshake exchanges keys.  In the others the session is what
 * both sides have still got.
 */
static bool
handshake(mbedtls_ssl_context *ssl, const struct peer *p)
{
	bool resumed = true;

	while (ssl->state != MBEDTLS_SSL_HANDSHAKE_OVER) {
		int rc;

		if (ssl->state == MBEDTLS_SSL_CLIENT_KEY_EXCHANGE)
			resumed = false;
		rc = mbedtls_ssl_handshake_step(ssl);
		if (rc == MBEDTLS_ERR_SSL_HELLO_VERIFY_REQUIRED)
			await_client(ssl, p);
		else if (rc != MBEDTLS_ERR_SSL_WANT_READ) /* resent */
			good(rc, "handshake");
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
	int n;

	do
		n = mbedtls_ssl_read(with, data, len);
	while (n == MBEDTLS_ERR_SSL_WANT_READ); /* no data, but handshake */
	if (n == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY)
		return 0;
	if (n == 0)
		end_fail("read", "the stream ended without close_notify");
	return (size_t)good(n, "read");
}

static void
converse(struct peer *p, struct common *m, const struct end_args *a)
{
	mbedtls_ssl_context ssl;
	mbedtls_timing_delay_context timer;
	const struct end_stream stream = { &ssl, send_all, recv_some, a->dtls };

	mbedtls_ssl_init(&ssl);
	good(mbedtls_ssl_setup(&ssl, &m->config), "setup");
	mbedtls_ssl_set_bio(&ssl, &p->net, mbedtls_net_send, NULL,
	    mbedtls_net_recv_timeout);
	mbedtls_ssl_set_timer_cb(&ssl, &timer, mbedtls_timing_set_delay,
	    mbedtls_timing_get_delay);
	if (a->server && a->dtls)
		await_client(&ssl, p);
	if (!a->server && a->name != NULL)
		good(mbedtls_ssl_set_hostname(&ssl, a->name), a->name);
	if (m->have_session)
		good(mbedtls_ssl_set_session(&ssl, &m->session), "session");
	tell_open(&ssl, handshake(&ssl, p));
	if (a->sessions && !a->server) {
		mbedtls_ssl_session_free(&m->session);
		good(mbedtls_ssl_get_session(&ssl, &m->session), "session");
		m->have_session = true;
	}
	end_run_steps(a, &stream);
	good(mbedtls_ssl_close_notify(&ssl), "close_notify");
	mbedtls_net_free(&p->net);
	mbedtls_ssl_free(&ssl);
	printf("closed\n");
}

static void
run_client(struct common *m, const struct end_args *a)
{
	char port[8];

	snprintf(port, sizeof(port), "%d", a->port);
	for (int i = 0; i < a->rounds; i++) {
		struct peer p;

		mbedtls_net_init(&p.net);
		good(mbedtls_net_connect(&p.net, host(a), port, protocol(a)),
		    "connect");
		converse(&p, m, a);
	}
}

/* Waits for a handshake: the last words of a client that left are none. */
static void
skip_stragglers(int fd)
{
	unsigned char type;

	while (recv(fd, &type, 1, MSG_PEEK) == 1 &&
	    type != MBEDTLS_SSL_MSG_HANDSHAKE)
		recv(fd, &type, 1, 0);
}

static void
run_server(struct common *m, const struct end_args *a)
{
	mbedtls_net_context listener;
	char port[8];
	struct sockaddr_in6 at; /* its port is where IPv4's is */
	socklen_t len = sizeof(at);

	snprintf(port, sizeof(port), "%d", a->port);
	mbedtls_net_init(&listener);
	good(mbedtls_net_bind(&listener, host(a), port, protocol(a)), "bind");
	good(getsockname(listener.fd, (struct sockaddr *)&at, &len),
	    "getsockname");
	printf("listening %d\n", ntohs(at.sin6_port));
	for (int i = 0; i < a->rounds; i++) {
		struct peer p;

		mbedtls_net_init(&p.net);
		if (a->dtls)
			skip_stragglers(listener.fd);
		good(mbedtls_net_accept(&listener, &p.net, p.address,
		         sizeof(p.address), &p.address_len),
		    "accept");
		converse(&p, m, a);
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
