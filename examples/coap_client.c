#include "coap_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <zephyr/net/socket.h>

#include "support.h"

/* RFC 7252, 4.8; the factor of 1.5 is between the two. */
#define ACK_TIMEOUT_MS 2000
#define ACK_TIMEOUT_MOST_MS 3000
#define MAX_RETRANSMIT 4

#define SEPARATE_MS 90000 /* a response that was promised may take so long */

enum outcome { IGNORED, PROMISED, ANSWERED, FAILED };

static long long
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/*
 * Ids begin anywhere, so that a server does not take a request for one that it
 * had before.  Tokens need only differ: over DTLS nobody else can answer.
 */
void
coap_client_init(struct coap_client *c, int sock)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	srand((unsigned)now.tv_sec ^ (unsigned)now.tv_nsec);
	c->sock = sock;
	c->id = (uint16_t)rand();
	c->token[0] = (uint8_t)rand();
	c->token[1] = (uint8_t)rand();
	c->acknowledged = -1;
}

void
coap_client_begin(struct coap_client *c, struct coap_writer *w, uint8_t code)
{
	c->id++;
	if (++c->token[1] == 0)
		c->token[0]++;
	coap_begin(w, COAP_CON, code, c->id, c->token, sizeof(c->token));
}

static bool
send_message(struct coap_client *c, const void *data, size_t len)
{
	if (zsock_send(c->sock, data, len, 0) >= 0)
		return true;
	return complain("send: %s%s", errno_text(errno),
	    errno == ECONNABORTED || errno == EIO
	        ? "; a line \"zsock: error\" above may say why"
	        : "");
}

/* An empty message: an acknowledgement or a reset. */
static bool
send_empty(struct coap_client *c, enum coap_type type, uint16_t id)
{
	uint8_t buf[4];
	struct coap_writer w = { .buf = buf, .size = sizeof(buf) };

	coap_begin(&w, type, COAP_EMPTY, id, NULL, 0);
	return send_message(c, w.buf, w.len);
}

/* What cannot be made sense of is reset, if its sender waits for a word. */
static enum outcome
reject(struct coap_client *c, const struct coap_message *m)
{
	if (m->type == COAP_CON && !send_empty(c, COAP_RST, m->id))
		return FAILED;
	return IGNORED;
}

static bool
has_token(const struct coap_client *c, const struct coap_message *m)
{
	return COAP_CLASS(m->code) >= 2 && m->token_len == sizeof(c->token) &&
	    memcmp(m->token, c->token, sizeof(c->token)) == 0;
}

static enum outcome
take_response(struct coap_client *c, const struct coap_message *m)
{
	static const unsigned known[] = { COAP_BLOCK2 };
	const unsigned option =
	    coap_not_understood(m, known, sizeof(known) / sizeof(known[0]));

	if (option != 0) {
		reject(c, m);
		complain("the response has the option %u, which must be "
		         "understood and is not",
		    option);
		return FAILED;
	}
	if (m->type != COAP_CON)
		return ANSWERED;
	c->acknowledged = m->id;
	return send_empty(c, COAP_ACK, m->id) ? ANSWERED : FAILED;
}

/* What the server says of the request itself; the response may be with it. */
static enum outcome
judge_reply(struct coap_client *c, const struct coap_message *m)
{
	if (m->id != c->id)
		return IGNORED; /* of an earlier request */
	if (m->type == COAP_RST) {
		complain("the server reset the request: it does not "
		         "understand it");
		return FAILED;
	}
	if (m->code == COAP_EMPTY)
		return PROMISED;
	return has_token(c, m) ? take_response(c, m) : IGNORED;
}

static enum outcome
judge(struct coap_client *c, const struct coap_message *m)
{
	if (m->type == COAP_ACK || m->type == COAP_RST)
		return judge_reply(c, m);
	if (has_token(c, m))
		return take_response(c, m);
	/* The last response again: our acknowledgement was lost. */
	if (m->type == COAP_CON && m->id == c->acknowledged)
		return send_empty(c, COAP_ACK, m->id) ? IGNORED : FAILED;
	return reject(c, m);
}

static enum outcome
receive(struct coap_client *c, struct coap_message *m)
{
	const ssize_t n = zsock_recv(c->sock, c->datagram, sizeof(c->datagram),
	    ZSOCK_MSG_DONTWAIT | ZSOCK_MSG_TRUNC);

	if (n < 0 && errno == EAGAIN)
		return IGNORED;
	if (n < 0) {
		complain("recv: %s%s", errno_text(errno),
		    errno == ENOTCONN ? "; the server ended the session" : "");
		return FAILED;
	}
	if ((size_t)n > sizeof(c->datagram)) {
		complain("the server sent %zd bytes in one datagram, and %zu "
		         "fit: ask for smaller blocks",
		    n, sizeof(c->datagram));
		return FAILED;
	}
	switch (coap_parse(m, c->datagram, (size_t)n)) {
	case COAP_GOOD:
		return judge(c, m);
	case COAP_MALFORMED:
		return reject(c, m);
	default:
		return IGNORED;
	}
}

/* IGNORED if until came and nothing else did. */
static enum outcome
wait_until(struct coap_client *c, long long until, struct coap_message *m)
{
	struct zsock_pollfd fd = { .fd = c->sock, .events = ZSOCK_POLLIN };
	enum outcome outcome = IGNORED;
	long long left;

	while (outcome == IGNORED && (left = until - now_ms()) > 0) {
		switch (zsock_poll(&fd, 1, (int)left)) {
		case -1:
			complain("poll: %s", errno_text(errno));
			return FAILED;
		case 0:
			break;
		default:
			outcome = receive(c, m);
		}
	}
	return outcome;
}

/* Sends the request until anything is heard of it, each time more patiently. */
static enum outcome
send_until_heard(struct coap_client *c, const struct coap_writer *request,
    struct coap_message *m)
{
	long long wait = ACK_TIMEOUT_MS +
	    rand() % (ACK_TIMEOUT_MOST_MS - ACK_TIMEOUT_MS + 1);
	enum outcome outcome = IGNORED;

	for (int sent = 0; sent <= MAX_RETRANSMIT; sent++) {
		if (sent > 0)
			complain("no answer: the request is sent again");
		if (!send_message(c, request->buf, request->len))
			return FAILED;
		outcome = wait_until(c, now_ms() + wait, m);
		if (outcome != IGNORED)
			return outcome;
		wait *= 2;
	}
	complain("no answer, although the request was sent %d times",
	    MAX_RETRANSMIT + 1);
	return FAILED;
}

bool
coap_client_ask(struct coap_client *c, const struct coap_writer *request,
    struct coap_message *response)
{
	enum outcome outcome = send_until_heard(c, request, response);
	long long until;

	if (outcome != PROMISED)
		return outcome == ANSWERED;
	until = now_ms() + SEPARATE_MS;
	while (outcome == PROMISED) /* it may promise twice */
		outcome = wait_until(c, until, response);
	if (outcome == IGNORED)
		complain("the server has the request, and no response for it "
		         "within %d s",
		    SEPARATE_MS / 1000);
	return outcome == ANSWERED;
}
