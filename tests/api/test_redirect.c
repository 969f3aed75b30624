/*
 * Firmware with a fixed broker reaches one on loopback: the name and the port
 * stay the program's, and so does what TLS checks.
 */
#include "support/test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <zephyr/net/socket.h>
#include <zsock/zsock.h>

#include "support/loop.h"
#include "support/quirks.h"

static void
redirect(const char *from, uint16_t port)
{
	char line[128];

	snprintf(line, sizeof(line), "%s -> 127.0.0.1:%u", from, port);
	assert_int_equal(zsock_hosts_add(line), 0);
}

/* As firmware does it: the port is put in after the name is resolved. */
static union quirks_addr
resolve(const char *name, uint16_t port)
{
	struct zsock_addrinfo hints = { .ai_family = NET_AF_INET }, *res;
	union quirks_addr a;

	assert_int_equal(zsock_getaddrinfo(name, NULL, &hints, &res), 0);
	memcpy(&a, res->ai_addr, res->ai_addrlen);
	zsock_freeaddrinfo(res);
	a.in.sin_port = net_htons(port);
	return a;
}

static void
a_name_leads_to_a_local_port(void **state)
{
	union quirks_addr here, there;
	const int listener = quirks_listener(&here);
	const int sock = quirks_open(NET_AF_INET, NET_SOCK_STREAM);
	int child;
	char buf[4];

	(void)state;
	redirect("broker.test:8883", net_ntohs(here.in.sin_port));
	there = resolve("broker.test", 8883);
	assert_int_not_equal(there.in.sin_addr.s_addr, here.in.sin_addr.s_addr);
	assert_int_equal(zsock_connect(sock, &there.any, sizeof(there.in)), 0);
	child = zsock_accept(listener, NULL, NULL);
	assert_int_equal(zsock_send(sock, "ping", 4, 0), 4);
	assert_int_equal(zsock_recv(child, buf, 4, ZSOCK_MSG_WAITALL), 4);
	assert_int_equal(zsock_close(child), 0);
}

static void
an_address_leads_to_a_local_port(void **state)
{
	union quirks_addr here, there;
	const int listener = quirks_listener(&here);
	const int sock = quirks_open(NET_AF_INET, NET_SOCK_STREAM);
	int child;

	(void)state;
	redirect("192.0.2.7:1883", net_ntohs(here.in.sin_port));
	there = resolve("192.0.2.7", 1883);
	assert_int_equal(zsock_connect(sock, &there.any, sizeof(there.in)), 0);
	child = zsock_accept(listener, NULL, NULL);
	assert_true(child >= 0);
	assert_int_equal(zsock_close(child), 0);
}

static void
datagrams_are_led_as_well(void **state)
{
	union quirks_addr here, there;
	const int sock = quirks_bound(NET_SOCK_DGRAM, &here);
	struct net_iovec iov = { "two", 3 };
	struct net_msghdr m = { .msg_name = &there,
		.msg_namelen = sizeof(there.in),
		.msg_iov = &iov,
		.msg_iovlen = 1 };
	char buf[4];

	(void)state;
	redirect("coap.test:5683", net_ntohs(here.in.sin_port));
	there = resolve("coap.test", 5683);
	assert_int_equal(zsock_sendto(sock, "one", 3, 0, &there.any,
	                     sizeof(there.in)),
	    3);
	assert_int_equal(zsock_sendmsg(sock, &m, 0), 3);
	assert_int_equal(zsock_recv(sock, buf, 4, 0), 3);
	assert_memory_equal(buf, "one", 3);
	assert_int_equal(zsock_recv(sock, buf, 4, 0), 3);
	assert_memory_equal(buf, "two", 3);
}

/* The one port that is redirected is no way to another. */
static void
another_port_of_that_name_is_refused(void **state)
{
	union quirks_addr there;
	const int sock = quirks_open(NET_AF_INET, NET_SOCK_STREAM);

	(void)state;
	redirect("broker.test:8883", 9);
	there = resolve("broker.test", 443);
	assert_int_equal(zsock_connect(sock, &there.any, sizeof(there.in)), -1);
	assert_int_equal(errno, ECONNREFUSED);
	assert_non_null(strstr(quirks_log(), "broker.test"));
}

static struct pki pki;

static void *
serve_one(void *arg)
{
	return (void *)(intptr_t)zsock_accept(*(int *)arg, NULL, NULL);
}

static int
connect_tls(const char *expected)
{
	union quirks_addr there;
	const sec_tag_t ca = LOOP_CA_TAG;
	const int sock =
	    zsock_socket(NET_AF_INET, NET_SOCK_STREAM, NET_IPPROTO_TLS_1_2);
	pthread_t thread;
	uint16_t port;
	int listener, child, error;

	listener = loop_listen_tls(NET_AF_INET, NET_IPPROTO_TLS_1_2,
	    LOOP_SERVER_TAG, &port);
	redirect("broker.test:8883", port);
	there = resolve("broker.test", 8883);
	assert_int_equal(zsock_setsockopt(sock, ZSOCK_SOL_TLS,
	                     ZSOCK_TLS_SEC_TAG_LIST, &ca, sizeof(ca)),
	    0);
	assert_int_equal(zsock_setsockopt(sock, ZSOCK_SOL_TLS,
	                     ZSOCK_TLS_HOSTNAME, expected,
	                     strlen(expected) + 1),
	    0);
	thread = loop_start(serve_one, &listener);
	error = quirks_errno(zsock_connect(sock, &there.any, sizeof(there.in)));
	child = (int)(intptr_t)loop_join(thread);
	assert_int_equal(zsock_close(sock), 0);
	if (child >= 0)
		assert_int_equal(zsock_close(child), 0);
	assert_int_equal(zsock_close(listener), 0);
	return error;
}

static void
tls_checks_the_name_that_was_asked_for(void **state)
{
	const struct pki_spec spec = { .name = "broker.test",
		.san = "DNS:broker.test" };
	struct pki_cert broker;

	(void)state;
	pki_init(&pki, PKI_EC);
	pki_make(&broker, &pki.ca, &spec);
	pki_store_ca(LOOP_CA_TAG, &pki.ca);
	pki_store_identity(LOOP_SERVER_TAG, &broker);
	assert_int_equal(connect_tls("broker.test"), 0);
	/* It is on 127.0.0.1, and that is not whom it was asked to be. */
	assert_int_equal(connect_tls("localhost"), ECONNABORTED);
	assert_int_equal(connect_tls("127.0.0.1"), ECONNABORTED);
	pki_free(&broker);
	pki_fini(&pki);
}

static int
set_up(void **state)
{
	(void)state;
	zsock_hosts_clear();
	return quirks_begin();
}

static int
tear_down(void **state)
{
	(void)state;
	quirks_end();
	zsock_hosts_clear();
	return 0;
}

int
main(void)
{
#define WITH(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		WITH(a_name_leads_to_a_local_port),
		WITH(an_address_leads_to_a_local_port),
		WITH(datagrams_are_led_as_well),
		WITH(another_port_of_that_name_is_refused),
		WITH(tls_checks_the_name_that_was_asked_for),
	};

	return cmocka_run_group_tests_name("api/redirect", tests, NULL, NULL);
}
