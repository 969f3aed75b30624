/*
 * A program's TLS_CERT_VERIFY_CALLBACK may use the datagram socket that it is
 * called for, of a client or of a server, and keeps no other thread from it.
 */
#include "support/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "base/profile.h"
#include "sock/call.h"
#include "sock/tls_names.h"
#include "support/asker.h"
#include "support/dtls_pair.h"

#define CA 1
#define IDENTITY 2

static struct pki pki;

static const struct tls_end plain_client = { .tags = { CA, IDENTITY },
	.ntags = 2 };
static const struct tls_end plain_server = { .tags = { CA, IDENTITY },
	.ntags = 2,
	.verify = 3 };

static const struct row {
	const char *name;
	asker *call;
	bool server;
} rows[] = {
	{ "a_clients_own_thread", asker_in_this_thread, false },
	{ "a_clients_other_thread", asker_in_another_thread, false },
	{ "a_servers_own_thread", asker_in_this_thread, true },
	{ "a_servers_other_thread", asker_in_another_thread, true },
};

static struct dtls_pair
make_ends(void)
{
	struct dtls_pair p = { 0 };

	p.server = dtls_pair_end(&plain_server, &p.port);
	p.client = dtls_pair_end(&plain_client, NULL);
	return p;
}

/* Nobody was told that the handshake is over, and it goes on. */
static void
the_callback_uses_its_socket(const void *row)
{
	const struct row *r = row;
	struct dtls_pair p = make_ends();

	asker_start(r->server ? p.server : p.client);
	asker_set(asker_subject, r->call, NULL);
	dtls_pair_meet(p.client, p.server, AF_INET, p.port);
	assert_true(asker_seen.times > 0);
	assert_int_equal(asker_seen.text, 0);
	assert_int_equal(asker_seen.asked, 0);
	assert_int_equal(asker_seen.error, 0);
	assert_int_equal(asker_seen.result, 0);
	assert_int_equal(asker_seen.flags, UINT32_MAX); /* not known yet */
	/* On Linux a client's POLLOUT says that it is over. */
	assert_int_equal(asker_seen.revents,
	    r->server || profile_get() != PROFILE_LINUX ? POLLOUT : 0);
	assert_int_equal(asker_seen.polled, asker_seen.revents != 0);
	assert_int_equal(asker_seen.sent, r->server ? -ENOTCONN : -EAGAIN);
	assert_int_equal(asker_seen.received, -EAGAIN);
	assert_int_equal(asker_seen.connected,
	    r->server ? -EOPNOTSUPP : -EALREADY);
	assert_int_equal(asker_seen.version, -ENOTCONN);
}

static int
refuse(void *ctx, void *cert, int depth, uint32_t *flags)
{
	(void)ctx;
	(void)cert;
	(void)depth;
	(void)flags;
	return -7;
}

static void
assert_said(int sock, const char *what)
{
	char text[2048];

	assert_true(call_error_text(sock, text, sizeof(text)) > 0);
	if (strstr(text, what) == NULL)
		fail_msg("no \"%s\" in: %s", what, text);
}

static void
what_a_clients_callback_refuses_is_refused(void)
{
	struct dtls_pair p = make_ends();

	asker_set(p.client, refuse, NULL);
	dtls_pair_serve(p.server);
	assert_int_equal(loop_connect(p.client, AF_INET, p.port),
	    -ECONNABORTED);
	dtls_pair_served();
	assert_said(p.client, "TLS_CERT_VERIFY_CALLBACK answered -7");
}

static void
what_a_servers_callback_refuses_is_refused(void)
{
	struct dtls_pair p = make_ends();
	char byte;

	asker_set(p.server, refuse, NULL);
	dtls_pair_serve(p.server);
	assert_int_equal(loop_connect(p.client, AF_INET, p.port),
	    -ECONNABORTED);
	dtls_pair_served();
	assert_int_equal(dtls_pair_recv(p.server, &byte, 1, MSG_DONTWAIT),
	    -EAGAIN);
	assert_said(p.server, "TLS_CERT_VERIFY_CALLBACK answered -7");
	assert_int_equal(dtls_pair_send(p.server, "x", 0), -ENOTCONN);
}

static int
accept_what_is_wrong(void *ctx, void *cert, int depth, uint32_t *flags)
{
	(void)ctx;
	(void)cert;
	(void)depth;
	*flags = 0;
	return 0;
}

static void
what_the_callback_forgives_is_forgiven(void)
{
	static const struct tls_end strict = { .tags = { CA },
		.ntags = 1,
		.hostname = "example.org" };
	struct dtls_pair p = make_ends();
	const int client = dtls_pair_end(&strict, NULL);

	dtls_pair_set(p.server, TLS_NAME_PEER_VERIFY, 0);
	asker_set(client, accept_what_is_wrong, NULL);
	dtls_pair_meet(client, p.server, AF_INET, p.port);
}

static int
close_it(void *ctx, void *cert, int depth, uint32_t *flags)
{
	(void)cert;
	(void)depth;
	(void)flags;
	if ((*(int *)ctx)++ == 0)
		dtls_pair_close(asker_subject);
	return 0;
}

static void
a_clients_callback_closes_its_socket(void)
{
	struct dtls_pair p = make_ends();
	int times = 0;

	asker_subject = p.client;
	asker_set(p.client, close_it, &times);
	dtls_pair_serve(p.server);
	assert_int_equal(loop_connect(p.client, AF_INET, p.port), -EINTR);
	dtls_pair_served();
	assert_true(times > 0);
	assert_int_equal(call_close(p.client), -EBADF);
}

static void *
connect_it(void *arg)
{
	const struct dtls_pair *p = arg;

	return (void *)(intptr_t)loop_connect(p->client, AF_INET, p->port);
}

static void
a_servers_callback_closes_its_socket(void)
{
	struct dtls_pair p = make_ends();
	int times = 0;
	pthread_t thread;
	char byte;

	asker_subject = p.server;
	asker_set(p.server, close_it, &times);
	thread = loop_start(connect_it, &p);
	assert_int_equal(dtls_pair_recv(p.server, &byte, 1, 0), -EINTR);
	assert_true(times > 0);
	assert_int_equal(call_close(p.server), -EBADF);
	dtls_pair_close(p.client);
	assert_true((intptr_t)loop_join(thread) < 0);
}

/* The port of the client that has a session already. */
static int
send_to_the_first(void *ctx, void *cert, int depth, uint32_t *flags)
{
	(void)cert;
	(void)depth;
	(void)flags;
	if (asker_subject >= 0)
		asker_seen.sent = dtls_pair_send_to(asker_subject, "meanwhile",
		    AF_INET, *(uint16_t *)ctx);
	return 0;
}

static void
other_clients_are_sent_to_meanwhile(void)
{
	struct dtls_pair p = make_ends();
	const int second = dtls_pair_end(&plain_client, NULL);
	uint16_t port;
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	asker_subject = -1;
	asker_set(p.server, send_to_the_first, &port);
	dtls_pair_meet(p.client, p.server, AF_INET, p.port);
	assert_int_equal(call_getsockname(p.client, (struct sockaddr *)&addr,
	                     &len),
	    0);
	port = ntohs(((struct sockaddr_in *)&addr)->sin_port);
	asker_subject = p.server;
	asker_seen.sent = 0;
	dtls_pair_meet(second, p.server, AF_INET, p.port);
	assert_int_equal(asker_seen.sent, 9);
	dtls_pair_expect(p.client, "meanwhile");
}

int
main(void)
{
	static const struct dtls_pair_test others[] = {
		DTLS_PAIR_TEST(what_a_clients_callback_refuses_is_refused,
		    DTLS_PAIR_NEWER),
		DTLS_PAIR_TEST(what_a_servers_callback_refuses_is_refused,
		    DTLS_PAIR_NEWER),
		DTLS_PAIR_TEST(what_the_callback_forgives_is_forgiven,
		    DTLS_PAIR_NEWER),
		DTLS_PAIR_TEST(a_clients_callback_closes_its_socket,
		    DTLS_PAIR_NEWER),
		DTLS_PAIR_TEST(a_servers_callback_closes_its_socket,
		    DTLS_PAIR_NEWER),
		DTLS_PAIR_TEST(other_clients_are_sent_to_meanwhile,
		    DTLS_PAIR_NEWER),
	};
	struct dtls_pair_test tests[LEN(rows) + LEN(others)];
	int rc;

	for (size_t i = 0; i < LEN(rows); i++)
		tests[i] = (struct dtls_pair_test){ .name = rows[i].name,
			.in = DTLS_PAIR_NEWER,
			.check = the_callback_uses_its_socket,
			.row = &rows[i] };
	memcpy(tests + LEN(rows), others, sizeof(others));
	pki_init(&pki, PKI_EC);
	pki_store_ca(CA, &pki.ca);
	pki_store_identity(IDENTITY, &pki.server);
	rc = dtls_pair_run("sock/dtls_asked", tests, LEN(tests));
	pki_forget(CA);
	pki_forget(IDENTITY);
	pki_fini(&pki);
	return rc;
}
