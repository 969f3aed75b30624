#include "support/test.h"

#include "support/peer.h"

#include <linux/sockios.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sock/call.h"
#include "sock/kinds.h"
#include "support/loop.h"

static void *
accept_tls(void *arg)
{
	struct peer *p = arg;
	const int listener = p->kfd;

	p->kfd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	close(listener);
	if (p->kfd < 0 || SSL_set_fd(p->ssl, p->kfd) != 1)
		return p;
	return SSL_accept(p->ssl) == 1 ? NULL : p;
}

int
peer_serve(struct peer *p, const struct pki_cert *identity, int version)
{
	uint16_t port;
	pthread_t thread;
	int sock;

	p->ctx = SSL_CTX_new(TLS_server_method());
	assert_non_null(p->ctx);
	assert_int_equal(SSL_CTX_use_certificate(p->ctx, identity->cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(p->ctx, identity->key), 1);
	assert_int_equal(SSL_CTX_set_max_proto_version(p->ctx, version), 1);
	p->ssl = SSL_new(p->ctx);
	assert_non_null(p->ssl);
	p->kfd = loop_listen_raw(AF_INET, &port);
	thread = loop_start(accept_tls, p);
	sock =
	    loop_client_tls(AF_INET, KINDS_TLS_1_2, LOOP_CA_TAG, "localhost");
	assert_int_equal(loop_connect(sock, AF_INET, port), 0);
	assert_null(loop_join(thread));
	return sock;
}

struct calling {
	struct peer *p;
	uint16_t port;
};

static void *
connect_tls(void *arg)
{
	const struct calling *c = arg;

	c->p->kfd = loop_connect_raw(AF_INET, c->port);
	if (SSL_set_fd(c->p->ssl, c->p->kfd) != 1)
		return arg;
	return SSL_connect(c->p->ssl) == 1 ? NULL : arg;
}

int
peer_call(struct peer *p, int version)
{
	struct calling c = { .p = p };
	int listener, sock;
	pthread_t thread;

	p->ctx = SSL_CTX_new(TLS_client_method());
	assert_non_null(p->ctx);
	assert_int_equal(SSL_CTX_set_max_proto_version(p->ctx, version), 1);
	p->ssl = SSL_new(p->ctx);
	assert_non_null(p->ssl);
	listener =
	    loop_listen_tls(AF_INET, KINDS_TLS_1_2, LOOP_SERVER_TAG, &c.port);
	thread = loop_start(connect_tls, &c);
	sock = loop_accept_tls(listener);
	assert_null(loop_join(thread));
	assert_true(sock >= 0);
	assert_int_equal(call_close(listener), 0);
	return sock;
}

void
peer_send(struct peer *p, const void *data, size_t len)
{
	size_t n;

	assert_int_equal(SSL_write_ex(p->ssl, data, len, &n), 1);
	assert_int_equal(n, len);
}

void
peer_recv(struct peer *p, void *data, size_t len)
{
	size_t done = 0, n;

	while (done < len) {
		assert_int_equal(SSL_read_ex(p->ssl, (char *)data + done,
		                     len - done, &n),
		    1);
		done += n;
	}
}

void
peer_send_raw(struct peer *p, const void *data, size_t len)
{
	assert_int_equal(send(p->kfd, data, len, MSG_NOSIGNAL), len);
}

void
peer_settle(struct peer *p)
{
	int left = 1;

	while (left > 0) {
		assert_int_equal(ioctl(p->kfd, SIOCOUTQ, &left), 0);
		sched_yield();
	}
}

void
peer_reset(struct peer *p)
{
	const struct linger hard = { .l_onoff = 1 };

	assert_int_equal(setsockopt(p->kfd, SOL_SOCKET, SO_LINGER, &hard,
	                     sizeof(hard)),
	    0);
	peer_hang_up(p);
}

void
peer_hang_up(struct peer *p)
{
	assert_int_equal(close(p->kfd), 0);
	p->kfd = -1;
}

void
peer_free(struct peer *p)
{
	SSL_free(p->ssl);
	SSL_CTX_free(p->ctx);
	if (p->kfd >= 0)
		close(p->kfd);
}
