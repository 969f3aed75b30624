#include "support/test.h"

#include "support/tls_ends.h"

#include <netinet/in.h>
#include <string.h>

#include "sock/call.h"
#include "sock/kinds.h"
#include "sock/tls_names.h"

static void
set(int sock, int name, const void *val, size_t len)
{
	assert_int_equal(call_setsockopt(sock, TLS_LEVEL, name, val,
	                     (socklen_t)len),
	    0);
}

void
tls_ends_set(int sock, const struct tls_end *end)
{
	const int verify = end->verify - 1, cache = end->cache;
	void *const callback[] = { end->callback, end->context };

	set(sock, TLS_NAME_SEC_TAG_LIST, end->tags,
	    (size_t)end->ntags * sizeof(int));
	if (!end->no_hostname)
		set(sock, TLS_NAME_HOSTNAME, end->hostname, 0);
	if (end->nsuites > 0)
		set(sock, TLS_NAME_CIPHERSUITE_LIST, end->suites,
		    (size_t)end->nsuites * sizeof(int));
	if (end->nprotocols > 0)
		set(sock, TLS_NAME_ALPN_LIST, end->protocols,
		    (size_t)end->nprotocols * sizeof(char *));
	if (end->verify > 0)
		set(sock, TLS_NAME_PEER_VERIFY, &verify, sizeof(verify));
	if (end->max_fragment > 0)
		set(sock, TLS_NAME_MAX_FRAGMENT_LENGTH, &end->max_fragment,
		    sizeof(int));
	if (end->callback != NULL)
		set(sock, TLS_NAME_CERT_VERIFY_CALLBACK, callback,
		    sizeof(callback));
	set(sock, TLS_NAME_SESSION_CACHE, &cache, sizeof(cache));
}

int
tls_ends_open(const struct tls_end *end)
{
	const int sock = call_socket(AF_INET, SOCK_STREAM,
	    end->proto != 0 ? end->proto : KINDS_TLS_1_2);

	assert_true(sock >= 0);
	tls_ends_set(sock, end);
	return sock;
}

int
tls_ends_listen(const struct tls_end *server, uint16_t *port)
{
	struct sockaddr_storage addr;
	socklen_t len = loop_addr(&addr, AF_INET, 0);
	const int sock = tls_ends_open(server);

	assert_int_equal(call_bind(sock, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(call_listen(sock, 8), 0);
	assert_int_equal(call_getsockname(sock, (struct sockaddr *)&addr, &len),
	    0);
	*port = ntohs(((struct sockaddr_in *)&addr)->sin_port);
	return sock;
}

static void *
accept_one(void *arg)
{
	return (void *)(intptr_t)call_accept(*(int *)arg, NULL, NULL);
}

void
tls_ends_meet_at(const struct tls_end *client, int listener, uint16_t port,
    struct tls_result *r)
{
	const pthread_t thread = loop_start(accept_one, &listener);
	const int sock = tls_ends_open(client);
	const int rc = loop_connect(sock, AF_INET, port);

	/* The failed client stays open: it tells why. */
	r->client = sock;
	r->client_error = rc;
	r->server = (int)(intptr_t)loop_join(thread);
	r->listener = listener;
}

void
tls_ends_meet(const struct tls_end *client, const struct tls_end *server,
    struct tls_result *r)
{
	uint16_t port;
	const int listener = tls_ends_listen(server, &port);

	tls_ends_meet_at(client, listener, port, r);
}

void
tls_ends_close(struct tls_result *r)
{
	assert_int_equal(call_close(r->client), 0);
	if (r->server >= 0)
		assert_int_equal(call_close(r->server), 0);
	if (r->listener >= 0)
		assert_int_equal(call_close(r->listener), 0);
}

void
tls_ends_talk(const struct tls_result *r)
{
	char byte = 0;

	loop_send_all(r->client, "a", 1);
	loop_recv_all(r->server, &byte, 1);
	assert_int_equal(byte, 'a');
	loop_send_all(r->server, "b", 1);
	loop_recv_all(r->client, &byte, 1);
	assert_int_equal(byte, 'b');
}
