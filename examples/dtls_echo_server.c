/*
 * Sends back what it receives over DTLS, or answers CoAP requests: many
 * clients on one socket, the way firmware does it.  recvfrom does the
 * handshakes on the side and returns with data only, saying whose it is;
 * sendto finds the session of that client again by its address.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zephyr/net/socket.h>
#include <zephyr/net/tls_credentials.h>

#include "coap.h"
#include "support.h"

#define PSK_TAG 4
#define CERT_TAG 2
#define DATAGRAM_MAX 16384 /* no DTLS record has more */

struct options {
	const char *identity, *key_file;
	const char *cert_file, *cert_key_file;
	const char *address, *count;
	bool coap, only_ccm_8;
	long datagrams; /* 0: until it is killed */
	int port;
};

/* What a request is about, in the form that the answer has. */
struct subject {
	char text[DATAGRAM_MAX + 2];
	size_t path_len, len;
};

static const char usage[] =
    "usage: dtls_echo_server [OPTION...] PORT\n"
    "       dtls_echo_server -h | --help\n"
    "\n"
    "Sends back every datagram that it receives over DTLS, to many clients at\n"
    "once, until it is killed.  The first line of its output is \"listening "
    "on\n"
    "PORT\"; with PORT 0 the system chooses the port and that line tells it.\n"
    "\n"
    "  -u IDENTITY -k KEY_FILE  a pre-shared key and its name; the file has "
    "it\n"
    "                           as a line of hexadecimal digits: openssl rand\n"
    "                           -hex 16 makes one\n"
    "  -c CERT_FILE -p KEY      the certificate (with its chain) and its\n"
    "                           private key without a password, PEM or DER\n"
    "  --coap                   answer CoAP requests, of any path, with the\n"
    "                           path and the payload of the request\n"
    "  --ccm-8                  take only the ciphersuite that every device\n"
    "                           has: AES-128 with CCM_8\n"
    "  --address ADDR           an IPv4 or IPv6 address (default: 127.0.0.1)\n"
    "  -n N                     end after N datagrams\n"
    "\n"
    "With a key and a certificate, the certificate wins for clients that take\n"
    "one.  With neither it uses the pre-shared key that is stored under "
    "sec_tag\n"
    "4, as ZSOCK_CREDENTIALS=pki/psk.zcred does.\n";

static bool
check_options(struct options *o)
{
	char *end;

	if ((o->identity != NULL) != (o->key_file != NULL))
		return complain("-u IDENTITY and -k KEY_FILE belong together");
	if ((o->cert_file != NULL) != (o->cert_key_file != NULL))
		return complain("-c CERT_FILE and -p KEY belong together");
	if (o->count == NULL)
		return true;
	o->datagrams = strtol(o->count, &end, 10);
	return (*end == '\0' && o->datagrams > 0) ||
	    complain("-n \"%s\": give a number from 1 on", o->count);
}

static bool
parse_arguments(struct options *o, int argc, char **argv)
{
	const struct argument_option options[] = {
		{ "-u", &o->identity, NULL },
		{ "-k", &o->key_file, NULL },
		{ "-c", &o->cert_file, NULL },
		{ "-p", &o->cert_key_file, NULL },
		{ "--address", &o->address, NULL },
		{ "-n", &o->count, NULL },
		{ "--coap", NULL, &o->coap },
		{ "--ccm-8", NULL, &o->only_ccm_8 },
		{ NULL, NULL, NULL },
	};
	const char *port;

	return parse_command_line(argc, argv, options, &port, 1, "PORT") &&
	    parse_port(port, 0, &o->port) && check_options(o);
}

static bool
load_credentials(const struct options *o)
{
	static char cert[1 << 16], key[1 << 16];

	if (o->identity == NULL && o->cert_file == NULL)
		return has_credential(PSK_TAG, TLS_CREDENTIAL_PSK,
		    "-u and -k, or -c and -p");
	if (o->identity != NULL && !load_psk(o->identity, o->key_file, PSK_TAG))
		return false;
	/* The two credentials belong together only under the same tag. */
	return o->cert_file == NULL ||
	    (load_credential(o->cert_file, CERT_TAG,
	         TLS_CREDENTIAL_PUBLIC_CERTIFICATE, cert, sizeof(cert)) &&
	        load_credential(o->cert_key_file, CERT_TAG,
	            TLS_CREDENTIAL_PRIVATE_KEY, key, sizeof(key)));
}

/* A DTLS socket is a client's unless it is told otherwise; none listens. */
static bool
prepare(int sock, const struct options *o)
{
	const int suites[] = { TLS_PSK_WITH_AES_128_CCM_8,
		TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8 };
	const int role = ZSOCK_TLS_DTLS_ROLE_SERVER;
	sec_tag_t tags[2];
	size_t n = 0;

	if (o->identity != NULL || o->cert_file == NULL)
		tags[n++] = PSK_TAG;
	if (o->cert_file != NULL)
		tags[n++] = CERT_TAG;
	if (o->only_ccm_8 &&
	    !set_option(sock, ZSOCK_SOL_TLS, ZSOCK_TLS_CIPHERSUITE_LIST, suites,
	        sizeof(suites), "TLS_CIPHERSUITE_LIST"))
		return false;
	return set_option(sock, ZSOCK_SOL_TLS, ZSOCK_TLS_SEC_TAG_LIST, tags,
	           n * sizeof(tags[0]), "TLS_SEC_TAG_LIST") &&
	    set_option(sock, ZSOCK_SOL_TLS, ZSOCK_TLS_DTLS_ROLE, &role,
	        sizeof(role), "TLS_DTLS_ROLE");
}

static int
open_server(const struct options *o)
{
	const int sock = bind_address(o->address, o->port, NET_SOCK_DGRAM,
	    NET_IPPROTO_DTLS_1_2);

	if (sock < 0)
		return -1;
	if (prepare(sock, o) && tell_port(sock))
		return sock;
	zsock_close(sock);
	return -1;
}

static void
append(struct subject *s, char separator, const void *data, size_t len)
{
	s->text[s->len++] = separator;
	if (len > 0)
		memcpy(s->text + s->len, data, len);
	s->len += len;
}

/*
 * "/a/b?c", a newline, and the payload.  It cannot be longer than the datagram
 * was, but for the first / and the newline: each option took a byte as well.
 */
static void
describe(const struct coap_message *m, struct subject *s)
{
	struct coap_option o = { 0 };
	char query = '?';

	s->len = 0;
	while (coap_next(m, &o)) {
		if (o.number == COAP_URI_PATH) {
			append(s, '/', o.value, o.len);
		} else if (o.number == COAP_URI_QUERY) {
			if (s->len == 0)
				append(s, '/', "", 0);
			append(s, query, o.value, o.len);
			query = '&';
		}
	}
	if (s->len == 0)
		append(s, '/', "", 0);
	s->path_len = s->len;
	append(s, '\n', m->payload, m->payload_len);
}

/* The code of the answer; option is one that is not understood, or 0. */
static uint8_t
answer_code(const struct coap_message *m, unsigned option,
    const struct coap_block *b, size_t len)
{
	if (option != 0)
		return COAP_CODE(4, 2);
	if ((size_t)b->num * b->size >= len)
		return COAP_CODE(4, 0);
	switch (m->code) {
	case COAP_GET:
		return COAP_CODE(2, 5);
	case COAP_POST:
	case COAP_PUT:
		return COAP_CODE(2, 4);
	case COAP_DELETE:
		return COAP_CODE(2, 2);
	default:
		return COAP_CODE(4, 5);
	}
}

/*
 * As many bytes of the subject as a block has.  Nothing is remembered: whoever
 * wants the next block sends the whole request again.
 */
static void
add_content(struct coap_writer *w, const struct subject *s,
    struct coap_block *b, bool in_blocks)
{
	const size_t at = (size_t)b->num * b->size;
	size_t len = s->len - at;

	b->more = len > b->size;
	if (b->more)
		len = b->size;
	coap_add_uint(w, COAP_CONTENT_FORMAT, 0); /* text/plain */
	if (in_blocks || b->more)
		coap_add_block2(w, b);
	coap_add_payload(w, s->text + at, len);
}

static void
answer_request(const struct coap_message *m, struct coap_writer *w)
{
	static const unsigned known[] = { COAP_URI_HOST, COAP_URI_PORT,
		COAP_URI_PATH, COAP_URI_QUERY, COAP_BLOCK2 };
	static struct subject subject;
	static uint16_t id; /* of messages that are no acknowledgement */
	const unsigned option =
	    coap_not_understood(m, known, sizeof(known) / sizeof(known[0]));
	struct coap_block b = { .size = COAP_BLOCK_MAX };
	const int in_blocks = coap_get_block2(m, &b);
	uint8_t code;

	if (option != 0 && m->type == COAP_NON)
		return; /* to be rejected (5.4.1) */
	describe(m, &subject);
	code = in_blocks < 0 ? COAP_CODE(4, 0)
	                     : answer_code(m, option, &b, subject.len);
	coap_begin(w, m->type == COAP_CON ? COAP_ACK : COAP_NON, code,
	    m->type == COAP_CON ? m->id : id++, m->token, m->token_len);
	if (COAP_CLASS(code) == 2)
		add_content(w, &subject, &b, in_blocks > 0);
	fprintf(stderr, "%s %s", coap_code_text(m->code),
	    printable(subject.text, subject.path_len));
	fprintf(stderr, " -> %s, %zu bytes\n", coap_code_text(code), w->len);
}

/*
 * What becomes of a datagram; w->len stays 0 if nothing is to be said.  The
 * same request again gets the same answer, so none has to be remembered (4.5).
 */
static void
answer(const uint8_t *data, size_t len, struct coap_writer *w)
{
	struct coap_message m;
	const enum coap_verdict verdict = coap_parse(&m, data, len);

	if (verdict == COAP_ALIEN || m.type == COAP_ACK || m.type == COAP_RST)
		return;
	if (verdict == COAP_GOOD && m.code != COAP_EMPTY &&
	    COAP_CLASS(m.code) == 0)
		answer_request(&m, w);
	else if (m.type == COAP_CON) /* a ping, or nonsense (4.2, 4.3) */
		coap_begin(w, COAP_RST, COAP_EMPTY, m.id, NULL, 0);
}

/* Returns false if the socket is of no use any more. */
static bool
serve_one(int sock, const struct options *o, long *served)
{
	static uint8_t datagram[DATAGRAM_MAX], reply[COAP_MESSAGE_MAX];
	struct coap_writer w = { .buf = reply, .size = sizeof(reply) };
	struct net_sockaddr_in6 peer; /* room for either kind */
	struct net_sockaddr *from = (struct net_sockaddr *)&peer;
	net_socklen_t from_len = sizeof(peer);
	const ssize_t n = zsock_recvfrom(sock, datagram, sizeof(datagram),
	    ZSOCK_MSG_DONTWAIT, from, &from_len);

	if (n < 0)
		return errno == EAGAIN ||
		    complain("recvfrom: %s", errno_text(errno));
	++*served;
	if (o->coap)
		answer(datagram, (size_t)n, &w);
	else
		w = (struct coap_writer){ .buf = datagram, .len = (size_t)n };
	if (w.len > 0 &&
	    zsock_sendto(sock, w.buf, w.len, 0, from, from_len) < 0)
		complain("sendto %s: %s", address_text(from),
		    errno_text(errno)); /* it left meanwhile */
	return true;
}

static int
run(int sock, const struct options *o)
{
	struct zsock_pollfd fd = { .fd = sock, .events = ZSOCK_POLLIN };
	long served = 0;

	while (o->datagrams == 0 || served < o->datagrams) {
		if (zsock_poll(&fd, 1, -1) < 0) {
			complain("poll: %s", errno_text(errno));
			return 1;
		}
		if (!serve_one(sock, o, &served))
			return 1;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	struct options o = { .address = "127.0.0.1" };
	int rc, sock;

	program = "dtls_echo_server";
	if (wants_help(argc, argv))
		return fputs(usage, stdout) == EOF;
	if (!parse_arguments(&o, argc, argv)) {
		fputs("dtls_echo_server --help tells more\n", stderr);
		return 2;
	}
	if (!load_credentials(&o))
		return 1;
	sock = open_server(&o);
	if (sock < 0)
		return 1;
	rc = run(sock, &o);
	zsock_close(sock);
	return rc;
}
