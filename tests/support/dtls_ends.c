#include "support/test.h"

#include "support/dtls_ends.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/config.h"
#include "base/deadline.h"
#include "cred/store.h"
#include "sock/call.h"
#include "sock/dtls.h"
#include "sock/fdtable.h"
#include "sock/kinds.h"
#include "sock/poll.h"
#include "sock/tls_names.h"

/* How often a thread that serves looks whether it is done. */
#define LOOK_MS 5

/* What takes so long has failed. */
#define FAR_MS 20000

static struct pki pki;

int
dtls_ends_start(void **state)
{
	(void)state;
	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	pki_init(&pki, PKI_EC);
	pki_store_ca(LOOP_CA_TAG, &pki.ca);
	pki_store_identity(LOOP_SERVER_TAG, &pki.server);
	if (store_add(DTLS_ENDS_PSK_TAG, CRED_PSK, "a secret of ours", 16) < 0)
		return -1;
	return store_add(DTLS_ENDS_PSK_TAG, CRED_PSK_ID, "us", 2);
}

int
dtls_ends_stop(void **state)
{
	(void)state;
	pki_forget(LOOP_CA_TAG);
	pki_forget(LOOP_SERVER_TAG);
	pki_forget(DTLS_ENDS_PSK_TAG);
	pki_fini(&pki);
	return 0;
}

static void
set(int sock, int name, const void *val, size_t len)
{
	assert_int_equal(call_setsockopt(sock, TLS_LEVEL, name, val,
	                     (socklen_t)len),
	    0);
}

void
dtls_ends_set_int(int sock, int name, int value)
{
	set(sock, name, &value, sizeof(value));
}

void
dtls_ends_timeouts(int sock, uint32_t min_ms, uint32_t max_ms)
{
	set(sock, TLS_NAME_DTLS_HANDSHAKE_TIMEOUT_MIN, &min_ms, sizeof(min_ms));
	set(sock, TLS_NAME_DTLS_HANDSHAKE_TIMEOUT_MAX, &max_ms, sizeof(max_ms));
}

void
dtls_ends_nonblock(int sock)
{
	assert_int_equal(call_fcntl(sock, F_SETFL, O_NONBLOCK), 0);
}

static void
name_of(int kfd, struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);

	assert_int_equal(getsockname(kfd, (struct sockaddr *)addr, &len), 0);
}

static struct sockaddr_in
loopback(void)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

int
dtls_ends_server(struct sockaddr_in *addr)
{
	const int tags[] = { LOOP_SERVER_TAG, DTLS_ENDS_PSK_TAG };
	const int sock = call_socket(AF_INET, SOCK_DGRAM, KINDS_DTLS_1_2);

	assert_true(sock >= 0);
	*addr = loopback();
	dtls_ends_set_int(sock, TLS_NAME_DTLS_ROLE, TLS_ROLE_SERVER);
	set(sock, TLS_NAME_SEC_TAG_LIST, tags, sizeof(tags));
	assert_int_equal(call_bind(sock, (struct sockaddr *)addr,
	                     sizeof(*addr)),
	    0);
	name_of(loop_kfd(sock), addr);
	return sock;
}

int
dtls_ends_client(bool psk)
{
	const int tag = psk ? DTLS_ENDS_PSK_TAG : LOOP_CA_TAG;
	const int suite = DTLS_ENDS_CCM_8;
	const int sock = call_socket(AF_INET, SOCK_DGRAM, KINDS_DTLS_1_2);

	assert_true(sock >= 0);
	set(sock, TLS_NAME_SEC_TAG_LIST, &tag, sizeof(tag));
	set(sock, TLS_NAME_HOSTNAME, "localhost", 9);
	if (psk)
		set(sock, TLS_NAME_CIPHERSUITE_LIST, &suite, sizeof(suite));
	return sock;
}

int
dtls_ends_connect(int sock, const struct sockaddr_in *addr)
{
	return call_connect(sock, (const struct sockaddr *)addr, sizeof(*addr));
}

ssize_t
dtls_ends_send(int sock, const void *data, size_t len)
{
	return call_sendto(sock, data, len, 0, NULL, 0);
}

ssize_t
dtls_ends_recv(int sock, void *data, size_t len, int flags)
{
	return call_recvfrom(sock, data, len, flags, NULL, NULL);
}

ssize_t
dtls_ends_recvfrom(int sock, void *data, size_t len, int flags,
    struct sockaddr_in *from)
{
	socklen_t n = sizeof(*from);

	return call_recvfrom(sock, data, len, flags, (struct sockaddr *)from,
	    &n);
}

short
dtls_ends_poll(int sock, short events, int timeout_ms)
{
	struct pollfd p = { .fd = sock, .events = events };

	assert_true(poll_sockets(&p, 1, timeout_ms, false) >= 0);
	return p.revents;
}

size_t
dtls_ends_sessions(int sock)
{
	struct dtls_sock *d = (struct dtls_sock *)fdtable_get(sock);
	size_t n;

	assert_non_null(d);
	pthread_mutex_lock(&d->tls.lock);
	n = d->sessions.n;
	pthread_mutex_unlock(&d->tls.lock);
	sock_put(&d->tls.native.base);
	return n;
}

int
dtls_ends_raw(struct sockaddr_in *addr)
{
	const int kfd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(kfd >= 0);
	*addr = loopback();
	assert_int_equal(bind(kfd, (struct sockaddr *)addr, sizeof(*addr)), 0);
	name_of(kfd, addr);
	return kfd;
}

struct service {
	int sock;
	atomic_bool done;
};

static void *
serve(void *arg)
{
	struct service *s = arg;
	struct pollfd p = { .fd = s->sock, .events = POLLIN };

	while (!atomic_load(&s->done))
		(void)poll_sockets(&p, 1, LOOK_MS, false);
	return NULL;
}

int
dtls_ends_meet(int client, int server, const struct sockaddr_in *addr)
{
	struct service s = { .sock = server };
	const pthread_t thread = loop_start(serve, &s);
	const int rc = dtls_ends_connect(client, addr);

	atomic_store(&s.done, true);
	(void)loop_join(thread);
	return rc;
}

bool
dtls_ends_finish(int client, int server)
{
	const struct deadline until = deadline_in_ms(FAR_MS);
	struct pollfd c = { .fd = client, .events = POLLOUT };
	struct pollfd s = { .fd = server, .events = POLLIN };

	while (deadline_left_ms(until) > 0) {
		if (poll_sockets(&c, 1, 1, false) == 1)
			return c.revents == POLLOUT;
		if (poll_sockets(&s, 1, 0, false) < 0)
			return false;
	}
	return false;
}
