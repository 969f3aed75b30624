#include "support/test.h"

#include <stdbool.h>
#include <string.h>

#include <zephyr/net/socket.h>

#include "coap_client.h"

#define PEER_ID 0x7777 /* of messages that are the server's own */

/* What the server sends; it is there before the client asks. */
enum reply {
	END,
	ACK, /* with the response */
	ACK_EMPTY,
	ACK_OTHER_ID,
	ACK_OTHER_TOKEN,
	ACK_NO_TOKEN,
	ACK_LONGER_TOKEN,
	ACK_CRITICAL, /* with an option that must be understood */
	CON,
	CON_OTHER_TOKEN,
	CON_CRITICAL,
	NON,
	NON_OTHER_TOKEN,
	RST,
	RST_OTHER_ID,
	PING,
	ALIEN,
	CUT,
	LONG,
};

/* The client's messages: R is the request, A an acknowledgement, X a reset. */
static const struct reply_case {
	const char *name;
	enum reply replies[4];
	bool answered;
	const char *sent;
} rows[] = {
	{ "piggybacked_response", { ACK }, true, "R" },
	{ "confirmable_response", { CON }, true, "RA" },
	{ "non_confirmable_response", { NON }, true, "R" },
	{ "separate_response", { ACK_EMPTY, CON }, true, "RA" },
	{ "separate_response_non_confirmable", { ACK_EMPTY, NON }, true, "R" },
	{ "promised_twice", { ACK_EMPTY, ACK_EMPTY, CON }, true, "RA" },
	{ "reset", { RST }, false, "R" },
	{ "reset_after_a_promise", { ACK_EMPTY, RST }, false, "R" },
	{ "response_to_another_id", { ACK_OTHER_ID, ACK }, true, "R" },
	{ "response_with_another_token", { ACK_OTHER_TOKEN, ACK }, true, "R" },
	{ "response_without_a_token", { ACK_NO_TOKEN, ACK }, true, "R" },
	{ "response_with_a_longer_token", { ACK_LONGER_TOKEN, ACK }, true,
	    "R" },
	{ "reset_of_another_id", { RST_OTHER_ID, ACK }, true, "R" },
	{ "confirmable_to_another_token", { CON_OTHER_TOKEN, ACK }, true,
	    "RX" },
	{ "non_confirmable_to_another_token", { NON_OTHER_TOKEN, ACK }, true,
	    "R" },
	{ "ping", { PING, ACK }, true, "RX" },
	{ "no_coap", { ALIEN, ACK }, true, "R" },
	{ "message_that_is_cut", { CUT, ACK }, true, "RX" },
	{ "critical_option", { ACK_CRITICAL }, false, "R" },
	{ "critical_option_in_a_confirmable", { CON_CRITICAL }, false, "RX" },
	{ "datagram_that_does_not_fit", { LONG }, false, "R" },
};

struct ends {
	struct coap_client client;
	int server;
};

static int
bound(struct net_sockaddr_in *addr)
{
	const int sock =
	    zsock_socket(NET_AF_INET, NET_SOCK_DGRAM, NET_IPPROTO_UDP);
	net_socklen_t len = sizeof(*addr);

	*addr = (struct net_sockaddr_in){ .sin_family = NET_AF_INET };
	zsock_inet_pton(NET_AF_INET, "127.0.0.1", &addr->sin_addr);
	assert_int_equal(zsock_bind(sock, (struct net_sockaddr *)addr,
	                     sizeof(*addr)),
	    0);
	assert_int_equal(zsock_getsockname(sock, (struct net_sockaddr *)addr,
	                     &len),
	    0);
	return sock;
}

static void
open_ends(struct ends *e)
{
	struct net_sockaddr_in client, server;
	int sock;

	sock = bound(&client);
	e->server = bound(&server);
	assert_int_equal(zsock_connect(sock, (struct net_sockaddr *)&server,
	                     sizeof(server)),
	    0);
	assert_int_equal(zsock_connect(e->server,
	                     (struct net_sockaddr *)&client, sizeof(client)),
	    0);
	coap_client_init(&e->client, sock);
}

static void
close_ends(struct ends *e)
{
	zsock_close(e->client.sock);
	zsock_close(e->server);
}

static enum coap_type
type_of(enum reply reply)
{
	switch (reply) {
	case CON:
	case CON_OTHER_TOKEN:
	case CON_CRITICAL:
	case PING:
	case CUT:
	case LONG:
		return COAP_CON;
	case NON:
	case NON_OTHER_TOKEN:
		return COAP_NON;
	case RST:
	case RST_OTHER_ID:
		return COAP_RST;
	default:
		return COAP_ACK;
	}
}

static uint16_t
id_of(enum reply reply, uint16_t ours)
{
	if (type_of(reply) == COAP_CON || type_of(reply) == COAP_NON)
		return PEER_ID;
	return reply == ACK_OTHER_ID || reply == RST_OTHER_ID
	    ? (uint16_t)(ours - 1)
	    : ours;
}

static bool
is_empty(enum reply reply)
{
	return reply == ACK_EMPTY || reply == PING || reply == RST ||
	    reply == RST_OTHER_ID;
}

/* Is it what the client is to give back? */
static bool
is_right(enum reply reply)
{
	return reply == ACK || reply == CON || reply == NON;
}

static size_t
token_len(enum reply reply)
{
	if (is_empty(reply) || reply == ACK_NO_TOKEN)
		return 0;
	return reply == ACK_LONGER_TOKEN ? 3 : 2;
}

static void
send_reply(struct ends *e, enum reply reply)
{
	const struct coap_client *c = &e->client;
	uint8_t buf[sizeof(c->datagram) + 1] = { 0 }, token[3] = { 0 };
	struct coap_writer w = { .buf = buf, .size = sizeof(buf) };

	memcpy(token, c->token, sizeof(c->token));
	if (reply == ACK_OTHER_TOKEN || reply == CON_OTHER_TOKEN ||
	    reply == NON_OTHER_TOKEN)
		token[1]++;
	coap_begin(&w, type_of(reply),
	    is_empty(reply) ? COAP_EMPTY : COAP_CODE(2, 5), id_of(reply, c->id),
	    token, token_len(reply));
	if (reply == ACK_CRITICAL || reply == CON_CRITICAL)
		coap_add(&w, 9, "", 0);
	if (!is_empty(reply))
		coap_add_payload(&w, is_right(reply) ? "good" : "bad", 4);
	if (reply == ALIEN)
		buf[0] = 0;
	if (reply == CUT)
		w.len = 5;
	if (reply == LONG)
		w.len = sizeof(buf);
	assert_int_equal(zsock_send(e->server, buf, w.len, 0), (ssize_t)w.len);
}

static char
letter(const struct coap_message *m)
{
	if (m->code == COAP_GET)
		return m->type == COAP_CON ? 'R' : '?';
	if (m->code != COAP_EMPTY || m->id != PEER_ID)
		return '?';
	return m->type == COAP_ACK ? 'A' : 'X';
}

/* All that the client has sent, which on loopback is there. */
static void
assert_sent(struct ends *e, const char *want)
{
	char got[16] = "";
	struct coap_message m;
	uint8_t buf[64];
	ssize_t n;

	for (size_t i = 0; i < sizeof(got) - 1; i++) {
		n = zsock_recv(e->server, buf, sizeof(buf), ZSOCK_MSG_DONTWAIT);
		if (n < 0)
			break;
		assert_int_equal(coap_parse(&m, buf, (size_t)n), COAP_GOOD);
		got[i] = letter(&m);
	}
	assert_string_equal(got, want);
}

static bool
ask(struct ends *e, const enum reply *replies, struct coap_message *response)
{
	uint8_t buf[64];
	struct coap_writer w = { .buf = buf, .size = sizeof(buf) };

	coap_client_begin(&e->client, &w, COAP_GET);
	for (; *replies != END; replies++)
		send_reply(e, *replies);
	return coap_client_ask(&e->client, &w, response);
}

static void
replies(void **state)
{
	const struct reply_case *c = *state;
	struct coap_message m;
	struct ends e;

	open_ends(&e);
	assert_int_equal(ask(&e, c->replies, &m), c->answered);
	if (c->answered) {
		assert_int_equal(m.payload_len, 4);
		assert_memory_equal(m.payload, "good", 4);
	}
	assert_sent(&e, c->sent);
	close_ends(&e);
}

/* The server has not got the acknowledgement, and says the same again. */
static void
repeated_response_is_acknowledged_again(void **state)
{
	static const enum reply first[] = { CON, END };
	static const enum reply then[] = { CON_OTHER_TOKEN, ACK, END };
	struct coap_message m;
	struct ends e;

	(void)state;
	open_ends(&e);
	assert_true(ask(&e, first, &m));
	assert_sent(&e, "RA");
	assert_true(ask(&e, then, &m));
	assert_sent(&e, "RA");
	close_ends(&e);
}

static void
each_request_has_an_id_and_a_token_of_its_own(void **state)
{
	static const enum reply replies_of_each[] = { ACK, END };
	struct coap_message m, second;
	struct ends e;

	(void)state;
	open_ends(&e);
	assert_true(ask(&e, replies_of_each, &m));
	assert_true(ask(&e, replies_of_each, &second));
	assert_int_not_equal(m.id, second.id);
	assert_memory_not_equal(m.token, second.token, 2);
	close_ends(&e);
}

int
main(void)
{
	struct CMUnitTest tests[LEN(rows) + 2];

	for (size_t i = 0; i < LEN(rows); i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
			.test_func = replies,
			.initial_state = (void *)&rows[i] };
	tests[LEN(rows)] = (struct CMUnitTest)cmocka_unit_test(
	    repeated_response_is_acknowledged_again);
	tests[LEN(rows) + 1] = (struct CMUnitTest)cmocka_unit_test(
	    each_request_has_an_id_and_a_token_of_its_own);
	return cmocka_run_group_tests_name("examples/coap_client", tests, NULL,
	    NULL);
}
