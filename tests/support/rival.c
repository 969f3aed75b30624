#include "support/test.h"

#include "support/rival.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "support/loop.h"

/* Nobody waits longer for a library that does not close what it should. */
#define PATIENCE_S 20

static void
show(SSL_CTX *c, const struct rival_spec *spec)
{
	if (spec->nchain == 0)
		return;
	SSL_CTX_use_certificate(c, spec->chain[0].cert);
	for (size_t i = 1; i < spec->nchain; i++)
		SSL_CTX_add1_chain_cert(c, spec->chain[i].cert);
	SSL_CTX_use_PrivateKey(c,
	    spec->key != NULL ? spec->key : spec->chain[0].key);
}

static void
demand(SSL_CTX *c, const struct rival_spec *spec)
{
	if (spec->ca == NULL)
		return;
	X509_STORE_add_cert(SSL_CTX_get_cert_store(c), spec->ca->cert);
	SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
	    NULL);
}

static int
choose(SSL *ssl, const unsigned char **out, unsigned char *outlen,
    const unsigned char *theirs, unsigned len, void *arg)
{
	const char *ours = arg;
	unsigned char *name;

	(void)ssl;
	if (SSL_select_next_proto(&name, outlen, (const unsigned char *)ours,
	        (unsigned)strlen(ours), theirs, len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = name;
	return SSL_TLSEXT_ERR_OK;
}

static void
propose(SSL_CTX *c, const char *protocols)
{
	if (protocols == NULL)
		return;
	SSL_CTX_set_alpn_protos(c, (const unsigned char *)protocols,
	    (unsigned)strlen(protocols));
	SSL_CTX_set_alpn_select_cb(c, choose, (void *)protocols);
}

static unsigned
give_key(const struct rival_spec *spec, unsigned char *psk, unsigned max)
{
	const size_t len = strlen(spec->psk);

	if (len > max)
		return 0;
	memcpy(psk, spec->psk, len);
	return (unsigned)len;
}

static unsigned
name_identity(SSL *ssl, const char *hint, char *id, unsigned max_id,
    unsigned char *psk, unsigned max)
{
	const struct rival_spec *spec = SSL_get_app_data(ssl);

	(void)hint;
	snprintf(id, max_id, "%s", spec->psk_id);
	return give_key(spec, psk, max);
}

static unsigned
look_up_identity(SSL *ssl, const char *id, unsigned char *psk, unsigned max)
{
	const struct rival_spec *spec = SSL_get_app_data(ssl);

	return strcmp(id, spec->psk_id) == 0 ? give_key(spec, psk, max) : 0;
}

static void
share(SSL_CTX *c, const struct rival_spec *spec)
{
	if (spec->psk == NULL)
		return;
	SSL_CTX_set_psk_client_callback(c, name_identity);
	SSL_CTX_set_psk_server_callback(c, look_up_identity);
}

/* It has no security level of its own, and no chain but that of the test. */
static SSL *
equip(const struct rival *r, int kfd)
{
	const struct rival_spec *spec = r->spec;
	SSL_CTX *c = SSL_CTX_new(
	    r->listener >= 0 ? TLS_server_method() : TLS_client_method());
	SSL *ssl;

	SSL_CTX_set_security_level(c, 0);
	SSL_CTX_set_mode(c, SSL_MODE_NO_AUTO_CHAIN);
	SSL_CTX_set_min_proto_version(c, spec->min_version);
	SSL_CTX_set_max_proto_version(c, spec->max_version);
	if (spec->suites != NULL)
		SSL_CTX_set_cipher_list(c, spec->suites);
	if (spec->suites13 != NULL)
		SSL_CTX_set_ciphersuites(c, spec->suites13);
	show(c, spec);
	demand(c, spec);
	propose(c, spec->protocols);
	share(c, spec);
	ssl = SSL_new(c);
	SSL_set_app_data(ssl, (void *)spec);
	SSL_set_fd(ssl, kfd);
	SSL_CTX_free(c);
	return ssl;
}

/* A server reads the first flight, so that its end is not a reset as well. */
static void
read_flight(const struct rival *r, int kfd)
{
	char buf[4096];

	if (r->listener >= 0)
		(void)!recv(kfd, buf, sizeof(buf), 0);
}

static void
part(int kfd, enum rival_end end)
{
	const struct linger hard = { .l_onoff = 1 };
	char sink[4096];

	if (end == RIVAL_RESETS)
		setsockopt(kfd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
	if (end == RIVAL_CLOSES)
		shutdown(kfd, SHUT_WR);
	while (end != RIVAL_RESETS && recv(kfd, sink, sizeof(sink), 0) > 0)
		continue;
	close(kfd);
}

/* OpenSSL writes to sockets that the other side has closed. */
static void
endure_pipes(void)
{
	sigset_t pipe;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, NULL);
}

static void *
live(void *arg)
{
	const struct rival *r = arg;
	const struct rival_spec *spec = r->spec;
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	const int kfd = r->listener >= 0 ? accept(r->listener, NULL, NULL)
	                                 : loop_connect_raw(AF_INET, r->port);
	SSL *ssl = NULL;

	endure_pipes();
	setsockopt(kfd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	if (spec->raw) {
		read_flight(r, kfd);
	} else {
		ssl = equip(r, kfd);
		(void)(r->listener >= 0 ? SSL_accept(ssl) : SSL_connect(ssl));
	}
	if (spec->len > 0)
		(void)!send(kfd, spec->bytes, spec->len, MSG_NOSIGNAL);
	part(kfd, spec->end);
	SSL_free(ssl);
	ERR_clear_error();
	return NULL;
}

void
rival_serve(struct rival *r, const struct rival_spec *spec)
{
	r->spec = spec;
	r->listener = loop_listen_raw(AF_INET, &r->port);
	r->thread = loop_start(live, r);
}

void
rival_visit(struct rival *r, const struct rival_spec *spec, uint16_t port)
{
	r->spec = spec;
	r->listener = -1;
	r->port = port;
	r->thread = loop_start(live, r);
}

void
rival_join(struct rival *r)
{
	(void)loop_join(r->thread);
	if (r->listener >= 0)
		close(r->listener);
}
