/*
 * Fetches one resource by CoAP over DTLS (RFC 7252, 9), the way a device does
 * it: a pre-shared key under a sec_tag, a secure datagram socket, connect, and
 * requests that are sent again until they are answered.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zephyr/net/socket.h>
#include <zephyr/net/tls_credentials.h>
#include <zsock/zsock.h>

#include "coap.h"
#include "coap_client.h"
#include "support.h"

#define TAG 4
#define SEGMENT_MAX 255 /* bytes of a part of a path (RFC 7252, 5.10) */

struct options {
	const char *host, *path;
	const char *identity, *key_file; /* a pre-shared key, or */
	const char *ca_file, *name;      /* a certificate, and what it says */
	const char *block;
	bool only_ccm_8;
	unsigned block_size; /* 0 leaves it to the server */
	int port;
};

static const char usage[] =
    "usage: coaps_get [-u IDENTITY -k KEY_FILE] [-c] [-b SIZE] HOST PORT PATH\n"
    "       coaps_get -r CA_FILE [--name NAME] [-c] [-b SIZE] HOST PORT PATH\n"
    "       coaps_get -h | --help\n"
    "\n"
    "Fetches coaps://HOST:PORT/PATH and writes what it gets to stdout.\n"
    "\n"
    "  -u IDENTITY  how the server knows the key\n"
    "  -k KEY_FILE  the pre-shared key, as a line of hexadecimal digits:\n"
    "               openssl rand -hex 16 makes one\n"
    "  -r CA_FILE   certificates to trust, PEM or DER, if the server has a\n"
    "               certificate instead of a key\n"
    "  --name NAME  the name that it must carry (default: HOST)\n"
    "  -c           offer only the ciphersuite that every device has: AES-128\n"
    "               with CCM_8\n"
    "  -b SIZE      ask for blocks of 16, 32, 64, 128, 256, 512 or 1024 bytes\n"
    "               (default: the server's choice)\n"
    "\n"
    "Without a key or a certificate it uses the pre-shared key that is stored\n"
    "under sec_tag 4, as ZSOCK_CREDENTIALS=pki/psk.zcred does.\n"
    "PATH begins with / and is written as in a URL: %20 is a space, and what\n"
    "comes after ? is the query.  What happened is told on stderr.  Ends with\n"
    "0 if the resource is there in full, 1 if not (a code other than 2.xx\n"
    "counts), 2 for wrong arguments.\n";

static bool
parse_block_size(struct options *o)
{
	char *end;
	long n;

	if (o->block == NULL)
		return true;
	n = strtol(o->block, &end, 10);
	for (unsigned size = 16; size <= COAP_BLOCK_MAX; size *= 2) {
		if (*end == '\0' && n == (long)size)
			o->block_size = size;
	}
	return o->block_size != 0 ||
	    complain("-b \"%s\": give 16, 32, 64, 128, 256, 512 or 1024",
	        o->block);
}

static bool
check_credentials(struct options *o)
{
	if ((o->identity != NULL) != (o->key_file != NULL))
		return complain("-u IDENTITY and -k KEY_FILE belong together");
	if (o->identity != NULL && o->ca_file != NULL)
		return complain("-u and -k are for a key, -r for a "
		                "certificate; give one of them");
	if (o->name != NULL && o->ca_file == NULL)
		return complain("--name is for -r: a key has no name");
	if (o->name == NULL)
		o->name = o->host;
	return true;
}

static bool
parse_arguments(struct options *o, int argc, char **argv)
{
	const struct argument_option options[] = {
		{ "-u", &o->identity, NULL },
		{ "-k", &o->key_file, NULL },
		{ "-r", &o->ca_file, NULL },
		{ "--name", &o->name, NULL },
		{ "-b", &o->block, NULL },
		{ "-c", NULL, &o->only_ccm_8 },
		{ NULL, NULL, NULL },
	};
	const char *others[3];

	if (!parse_command_line(argc, argv, options, others, 3,
	        "HOST PORT PATH"))
		return false;
	o->host = others[0];
	o->path = others[2];
	if (*o->path != '/')
		return complain("PATH \"%s\" must begin with /", o->path);
	return parse_port(others[1], 1, &o->port) && check_credentials(o) &&
	    parse_block_size(o);
}

static bool
load_credentials(const struct options *o)
{
	static char ca[1 << 20]; /* a whole system's bundle fits */

	if (o->identity != NULL)
		return load_psk(o->identity, o->key_file, TAG);
	if (o->ca_file == NULL)
		return has_credential(TAG, TLS_CREDENTIAL_PSK,
		    "-u and -k, or -r");
	return load_credential(o->ca_file, TAG, TLS_CREDENTIAL_CA_CERTIFICATE,
	    ca, sizeof(ca));
}

/* Everything that has to be known before connect. */
static bool
prepare(int sock, const struct options *o)
{
	const sec_tag_t tags[] = { TAG };
	const int suites[] = { o->ca_file == NULL
		    ? TLS_PSK_WITH_AES_128_CCM_8
		    : TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8 };

	if (!set_option(sock, ZSOCK_SOL_TLS, ZSOCK_TLS_SEC_TAG_LIST, tags,
	        sizeof(tags), "TLS_SEC_TAG_LIST"))
		return false;
	if (o->only_ccm_8 &&
	    !set_option(sock, ZSOCK_SOL_TLS, ZSOCK_TLS_CIPHERSUITE_LIST, suites,
	        sizeof(suites), "TLS_CIPHERSUITE_LIST"))
		return false;
	return o->ca_file == NULL ||
	    set_option(sock, ZSOCK_SOL_TLS, ZSOCK_TLS_HOSTNAME, o->name,
	        strlen(o->name) + 1, "TLS_HOSTNAME");
}

static const char *
cure(const struct options *o, int err)
{
	if (err == ECONNABORTED)
		return o->ca_file != NULL ? "; check -r and --name"
		                          : "; check -u, -k and -c";
	if (err == ETIMEDOUT)
		return o->ca_file != NULL ? "; check HOST and PORT"
		                          : "; check HOST, PORT and -k";
	return "";
}

/* One line that says what was wrong and what to look at. */
static void
tell_failure(int sock, const struct zsock_addrinfo *ai, const struct options *o,
    int err)
{
	char reason[1024];
	const bool known = zsock_error_text(sock, reason, sizeof(reason)) > 0;

	complain("connect to %s port %d: %s%s%s%s", address_text(ai->ai_addr),
	    o->port, errno_text(err), known ? "; " : "", known ? reason : "",
	    cure(o, err));
}

/* A socket whose handshake is done, or -1. */
static int
try_address(const struct zsock_addrinfo *ai, const struct options *o)
{
	const int sock =
	    zsock_socket(ai->ai_family, NET_SOCK_DGRAM, NET_IPPROTO_DTLS_1_2);

	if (sock < 0) {
		complain("socket: %s", errno_text(errno));
		return -1;
	}
	if (prepare(sock, o)) {
		if (zsock_connect(sock, ai->ai_addr, ai->ai_addrlen) == 0)
			return sock;
		tell_failure(sock, ai, o, errno);
	}
	zsock_close(sock);
	return -1;
}

static int
connect_to_host(const struct options *o)
{
	struct zsock_addrinfo *found =
	    find_host(o->host, o->port, NET_SOCK_DGRAM);
	int sock = -1;

	for (const struct zsock_addrinfo *ai = found; ai != NULL && sock < 0;
	     ai = ai->ai_next)
		sock = try_address(ai, o);
	zsock_freeaddrinfo(found);
	return sock;
}

/* Once something was sent: older devices do the handshake only then. */
static bool
tell_connection(int sock)
{
	const char *version = zsock_tls_version(sock);
	const char *suite = zsock_tls_ciphersuite(sock);

	if (version == NULL || suite == NULL)
		return complain("no DTLS on the socket: %s", errno_text(errno));
	fprintf(stderr, "dtls: %s %s\n", version, suite);
	return true;
}

/* A name is sent along, an address is what the server knows anyway. */
static void
add_host(struct coap_writer *w, const char *host)
{
	struct net_in6_addr addr; /* room for either kind */

	if (zsock_inet_pton(NET_AF_INET, host, &addr) != 1 &&
	    zsock_inet_pton(NET_AF_INET6, host, &addr) != 1)
		coap_add(w, COAP_URI_HOST, host, strlen(host));
}

/* An option for each part of text, up to len, between separators. */
static bool
add_parts(struct coap_writer *w, unsigned number, const char *text, size_t len,
    char separator)
{
	const char *const end = text + len;
	char part[SEGMENT_MAX];
	size_t n = 0;
	int high, low;

	for (const char *p = text; p <= end; p++) {
		if (p == end || *p == separator) {
			coap_add(w, number, part, n);
			n = 0;
			continue;
		}
		if (n == sizeof(part))
			return complain("a part of PATH is longer than %d "
			                "bytes",
			    SEGMENT_MAX);
		part[n] = *p;
		if (*p == '%') {
			high = hex_digit(p[1]);
			low = high < 0 ? -1 : hex_digit(p[2]);
			if (low < 0)
				return complain("PATH has a %% without two "
				                "hexadecimal digits");
			part[n] = (char)(high << 4 | low);
			p += 2;
		}
		n++;
	}
	return true;
}

/* "/a/b?c" is the parts a and b and the query c; "/" has no parts. */
static bool
add_path(struct coap_writer *w, const char *path)
{
	const size_t len = strcspn(path, "?");
	const char *query = path + len;

	if (len > 1 && !add_parts(w, COAP_URI_PATH, path + 1, len - 1, '/'))
		return false;
	return *query == '\0' ||
	    add_parts(w, COAP_URI_QUERY, query + 1, strlen(query + 1), '&');
}

static bool
ask_for_block(struct coap_client *c, const struct options *o,
    const struct coap_block *b, struct coap_message *response)
{
	uint8_t buf[COAP_MESSAGE_MAX];
	struct coap_writer w = { .buf = buf, .size = sizeof(buf) };

	coap_client_begin(c, &w, COAP_GET);
	add_host(&w, o->host);
	if (!add_path(&w, o->path))
		return false;
	if (b->size != 0)
		coap_add_block2(&w, b);
	if (w.full)
		return complain("HOST and PATH are too long");
	return coap_client_ask(c, &w, response);
}

/* Is it what was asked for?  b becomes the block that came. */
static bool
check_block(const struct coap_message *m, struct coap_block *b)
{
	const size_t at = (size_t)b->num * b->size;
	const int has = coap_get_block2(m, b);

	if (has < 0)
		return complain("the server's Block2 option is wrong");
	if (has == 0) {
		*b = (struct coap_block){ 0 }; /* all in one message */
		return at == 0 ||
		    complain("the server forgot that it sent blocks");
	}
	if ((size_t)b->num * b->size != at)
		return complain("the server sent another block than was asked "
		                "for");
	if (b->more && m->payload_len != b->size)
		return complain("a block has %zu bytes in place of %u",
		    m->payload_len, b->size);
	return true;
}

static bool
check_code(const struct coap_message *m)
{
	if (COAP_CLASS(m->code) == 2)
		return true;
	return complain("the server answered %s%s%s", coap_code_text(m->code),
	    m->payload_len > 0 ? ": " : "",
	    printable(m->payload, m->payload_len));
}

/* A resource may change between two blocks, and then its ETag does. */
struct etag {
	uint8_t bytes[8];
	size_t len;
};

static bool
check_etag(const struct coap_message *m, struct etag *first, bool is_first)
{
	struct coap_option o;
	struct etag now = { .len = 0 };

	if (coap_find(m, COAP_ETAG, &o) && o.len <= sizeof(now.bytes)) {
		memcpy(now.bytes, o.value, o.len);
		now.len = o.len;
	}
	if (is_first)
		*first = now;
	return (now.len == first->len &&
	           memcmp(now.bytes, first->bytes, now.len) == 0) ||
	    complain("the resource changed while it was fetched: try again");
}

static bool
fetch(int sock, const struct options *o)
{
	static struct coap_client client;
	struct coap_block b = { .size = o->block_size };
	struct coap_message m;
	struct etag etag;
	size_t total = 0;

	coap_client_init(&client, sock);
	do {
		if (!ask_for_block(&client, o, &b, &m) || !check_code(&m) ||
		    !check_block(&m, &b) || !check_etag(&m, &etag, total == 0))
			return false;
		if (fwrite(m.payload, 1, m.payload_len, stdout) !=
		    m.payload_len)
			return complain("cannot write it: %s",
			    errno_text(errno));
		total += m.payload_len;
		b.num++;
	} while (b.more);
	if (fflush(stdout) != 0)
		return complain("cannot write it: %s", errno_text(errno));
	if (!tell_connection(sock))
		return false;
	fprintf(stderr, "code: %s\nbody: %zu bytes\n", coap_code_text(m.code),
	    total);
	return true;
}

int
main(int argc, char **argv)
{
	struct options o = { 0 };
	bool good;
	int sock;

	program = "coaps_get";
	if (wants_help(argc, argv))
		return fputs(usage, stdout) == EOF;
	if (!parse_arguments(&o, argc, argv)) {
		fputs("coaps_get --help tells more\n", stderr);
		return 2;
	}
	if (!load_credentials(&o))
		return 1;
	sock = connect_to_host(&o);
	if (sock < 0)
		return 1;
	good = fetch(sock, &o);
	zsock_close(sock);
	return good ? 0 : 1;
}
