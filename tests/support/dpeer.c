#include "support/test.h"

#include "support/dpeer.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

#include "base/deadline.h"
#include "support/dpeer_seal.h"
#include "support/loop.h"

/* How long the other end may take with a handshake. */
#define PATIENCE_MS 20000

static void
see_alert(const SSL *ssl, int where, int value)
{
	if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT)
		((struct dpeer *)SSL_get_app_data(ssl))->alert = value;
}

static unsigned int
give_key(const struct dpeer *p, unsigned char *key, unsigned int size)
{
	const size_t len = strlen(p->spec.psk);

	if (len > size)
		return 0;
	memcpy(key, p->spec.psk, len);
	return (unsigned int)len;
}

static unsigned int
client_psk(SSL *ssl, const char *hint, char *id, unsigned int id_size,
    unsigned char *key, unsigned int size)
{
	const struct dpeer *p = SSL_get_app_data(ssl);

	(void)hint;
	if (strlen(p->spec.psk_id) >= id_size)
		return 0;
	strcpy(id, p->spec.psk_id);
	return give_key(p, key, size);
}

static unsigned int
server_psk(SSL *ssl, const char *id, unsigned char *key, unsigned int size)
{
	const struct dpeer *p = SSL_get_app_data(ssl);

	return strcmp(id, p->spec.psk_id) == 0 ? give_key(p, key, size) : 0;
}

/* One client is all there is: it need not be told from others. */
static const unsigned char cookie[] = "the client has it";

static int
make_cookie(SSL *ssl, unsigned char *out, unsigned int *len)
{
	(void)ssl;
	memcpy(out, cookie, sizeof(cookie));
	*len = sizeof(cookie);
	return 1;
}

static int
check_cookie(SSL *ssl, const unsigned char *in, unsigned int len)
{
	(void)ssl;
	return len == sizeof(cookie) && memcmp(in, cookie, len) == 0;
}

/* Who p is, and whom it believes. */
static void
set_identity(SSL_CTX *ctx, const struct dpeer_spec *spec)
{
	if (spec->psk != NULL) {
		SSL_CTX_set_psk_client_callback(ctx, client_psk);
		SSL_CTX_set_psk_server_callback(ctx, server_psk);
	}
	if (spec->identity != NULL) {
		assert_int_equal(SSL_CTX_use_certificate(ctx,
		                     spec->identity->cert),
		    1);
		assert_int_equal(SSL_CTX_use_PrivateKey(ctx,
		                     spec->identity->key),
		    1);
	}
	if (spec->ca != NULL) {
		SSL_CTX_set_verify(ctx,
		    SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
		assert_int_equal(X509_STORE_add_cert(SSL_CTX_get_cert_store(
		                                         ctx),
		                     spec->ca->cert),
		    1);
	}
}

static SSL_CTX *
make_context(const struct dpeer_spec *spec)
{
	const int version = spec->version ? spec->version : DTLS1_2_VERSION;
	SSL_CTX *ctx = SSL_CTX_new(
	    spec->server ? DTLS_server_method() : DTLS_client_method());

	assert_non_null(ctx);
	SSL_CTX_set_security_level(ctx, 0);
	assert_int_equal(SSL_CTX_set_min_proto_version(ctx, version), 1);
	assert_int_equal(SSL_CTX_set_max_proto_version(ctx, version), 1);
	if (spec->suites != NULL)
		assert_int_equal(SSL_CTX_set_cipher_list(ctx, spec->suites), 1);
	if (spec->mtu > 0)
		SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_info_callback(ctx, see_alert);
	SSL_CTX_set_cookie_generate_cb(ctx, make_cookie);
	SSL_CTX_set_cookie_verify_cb(ctx, check_cookie);
	set_identity(ctx, spec);
	return ctx;
}

/* A socket on loopback; a client's is connected. */
static void
open_socket(struct dpeer *p)
{
	const int family = p->spec.family;
	struct sockaddr_storage addr;
	socklen_t len = loop_addr(&addr, family, 0);

	p->kfd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(p->kfd >= 0);
	assert_int_equal(bind(p->kfd, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(getsockname(p->kfd, (struct sockaddr *)&addr, &len),
	    0);
	/* Ports of both families lie at the same offset. */
	p->port = ntohs(((struct sockaddr_in *)&addr)->sin_port);
	if (p->spec.server)
		return;
	len = loop_addr(&addr, family, p->spec.port);
	assert_int_equal(connect(p->kfd, (struct sockaddr *)&addr, len), 0);
}

void
dpeer_open(struct dpeer *p, const struct dpeer_spec *spec)
{
	*p = (struct dpeer){ .spec = *spec,
		.tap = { .hook = spec->hook, .arg = spec->arg } };
	if (p->spec.family == 0)
		p->spec.family = AF_INET;
	open_socket(p);
	p->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	assert_true(p->stop >= 0);
	p->ctx = make_context(&p->spec);
}

void
dpeer_free(struct dpeer *p)
{
	if (p->running) {
		dpeer_stop(p);
		(void)dpeer_join(p);
	}
	SSL_free(p->ssl);
	SSL_CTX_free(p->ctx);
	dpeer_tap_fini(&p->tap);
	close(p->stop);
	close(p->kfd);
}

/* For a datagram: 1 if there is one, 0 after ms without, -1 after stop. */
static int
wait_datagram(const struct dpeer *p, int ms)
{
	struct pollfd fds[] = { { .fd = p->kfd, .events = POLLIN },
		{ .fd = p->stop, .events = POLLIN } };

	(void)poll(fds, LEN(fds), ms);
	return fds[1].revents != 0 ? -1 : fds[0].revents != 0;
}

/* For a datagram or the handshake's timer; false: there is no more time. */
static bool
wait_turn(const struct dpeer *p, struct deadline end)
{
	struct timeval timer;
	int ms = deadline_left_ms(end);

	if (DTLSv1_get_timeout(p->ssl, &timer) == 1 && timer.tv_sec * 1000 < ms)
		ms = (int)(timer.tv_sec * 1000 + timer.tv_usec / 1000 + 1);
	return wait_datagram(p, ms) >= 0 && deadline_left_ms(end) > 0;
}

/* p's socket is the client's alone from now on. */
static bool
adopt_client(struct dpeer *p, BIO_ADDR *client)
{
	struct sockaddr_storage addr;
	const socklen_t len =
	    loop_addr(&addr, p->spec.family, ntohs(BIO_ADDR_rawport(client)));

	if (connect(p->kfd, (struct sockaddr *)&addr, len) != 0)
		return false;
	BIO_ctrl(SSL_get_rbio(p->ssl), BIO_CTRL_DGRAM_SET_CONNECTED, 0, client);
	return true;
}

static bool
exchange_cookies(struct dpeer *p, struct deadline end)
{
	BIO_ADDR *client = BIO_ADDR_new();
	bool done = false;
	int rc = 0;

	while (client != NULL && rc == 0 &&
	    wait_datagram(p, deadline_left_ms(end)) > 0)
		rc = DTLSv1_listen(p->ssl, client);
	if (rc > 0)
		done = adopt_client(p, client);
	BIO_ADDR_free(client);
	return done;
}

/* The thread's: nothing in it may end the test. */
static void *
shake_hands(void *arg)
{
	const struct deadline end = deadline_in_ms(PATIENCE_MS);
	struct dpeer *p = arg;
	int rc, why;

	ERR_clear_error();
	if (p->spec.server && !exchange_cookies(p, end))
		return p;
	do {
		rc = SSL_do_handshake(p->ssl);
		why = SSL_get_error(p->ssl, rc);
	} while (why == SSL_ERROR_WANT_READ && wait_turn(p, end));
	return rc == 1 ? NULL : p;
}

/* DTLS_timer_cb: the first wait, and twice the one before. */
static unsigned int
set_timer(SSL *ssl, unsigned int timer_us)
{
	const struct dpeer *p = SSL_get_app_data(ssl);

	return timer_us == 0 ? p->spec.timer_ms * 1000 : 2 * timer_us;
}

void
dpeer_start(struct dpeer *p)
{
	BIO *bio = dpeer_tap_new(&p->tap, p->kfd);
	struct sockaddr_storage addr;
	eventfd_t stopped;

	(void)eventfd_read(p->stop, &stopped); /* mostly it was not */
	SSL_free(p->ssl);
	p->alert = 0;
	p->ssl = SSL_new(p->ctx);
	assert_non_null(p->ssl);
	SSL_set_app_data(p->ssl, p);
	SSL_set_bio(p->ssl, bio, bio);
	if (p->spec.mtu > 0)
		SSL_set_mtu(p->ssl, p->spec.mtu);
	if (p->spec.timer_ms > 0)
		DTLS_set_timer_cb(p->ssl, set_timer);
	if (p->spec.server) {
		SSL_set_accept_state(p->ssl);
	} else {
		(void)loop_addr(&addr, p->spec.family, p->spec.port);
		BIO_ctrl(bio, BIO_CTRL_DGRAM_SET_CONNECTED, 0, &addr);
		SSL_set_connect_state(p->ssl);
	}
	p->running = true;
	p->thread = loop_start(shake_hands, p);
}

bool
dpeer_join(struct dpeer *p)
{
	p->running = false;
	return loop_join(p->thread) == NULL;
}

void
dpeer_stop(struct dpeer *p)
{
	assert_int_equal(eventfd_write(p->stop, 1), 0);
}

void
dpeer_send(struct dpeer *p, const void *data, size_t len)
{
	size_t n;

	assert_int_equal(SSL_write_ex(p->ssl, data, len, &n), 1);
	assert_int_equal(n, len);
}

/* One record, and what does not fit is gone. */
static ssize_t
read_record(SSL *ssl, void *data, size_t size)
{
	char rest[256];
	size_t n, more;

	ERR_clear_error();
	if (SSL_read_ex(ssl, data, size, &n) == 1) {
		while (SSL_pending(ssl) > 0)
			(void)SSL_read_ex(ssl, rest, sizeof(rest), &more);
		return (ssize_t)n;
	}
	switch (SSL_get_error(ssl, 0)) {
	case SSL_ERROR_ZERO_RETURN:
		return 0;
	case SSL_ERROR_WANT_READ:
		return -EAGAIN;
	default:
		return -ECONNABORTED;
	}
}

ssize_t
dpeer_recv(struct dpeer *p, void *data, size_t size, int wait_ms)
{
	const struct deadline end = deadline_in_ms(wait_ms);
	ssize_t n;

	do {
		n = read_record(p->ssl, data, size);
	} while (n == -EAGAIN && wait_datagram(p, deadline_left_ms(end)) > 0);
	return n;
}

void
dpeer_close_notify(struct dpeer *p)
{
	assert_true(SSL_shutdown(p->ssl) >= 0);
}

void
dpeer_alert(struct dpeer *p, int level, int description)
{
	const unsigned char alert[] = { (unsigned char)level,
		(unsigned char)description };
	unsigned char record[] = { SSL3_RT_ALERT, DTLS1_2_VERSION >> 8,
		DTLS1_2_VERSION & 0xff, 0, 0, 0, 0, 0, 0, 0, 99, 0,
		sizeof(alert), alert[0], alert[1] };

	if (p->ssl != NULL && SSL_is_init_finished(p->ssl))
		dpeer_send_record(p, SSL3_RT_ALERT, alert, sizeof(alert));
	else
		dpeer_send_raw(p, record, sizeof(record));
}

void
dpeer_send_raw(struct dpeer *p, const void *data, size_t len)
{
	assert_int_equal(send(p->kfd, data, len, MSG_NOSIGNAL), len);
}

ssize_t
dpeer_recv_raw(struct dpeer *p, void *data, size_t size, int wait_ms)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	ssize_t n;

	if (wait_datagram(p, wait_ms) <= 0)
		return -EAGAIN;
	n = recvfrom(p->kfd, data, size, 0, (struct sockaddr *)&addr, &len);
	if (n >= 0 && p->spec.server)
		assert_int_equal(connect(p->kfd, (struct sockaddr *)&addr, len),
		    0);
	return n;
}
