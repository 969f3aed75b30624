/*
 * Fetches one page over TLS, the way firmware does it: a credential under a
 * sec_tag, a secure socket, the name to expect, connect, send, recv.
 */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zephyr/net/socket.h>
#include <zephyr/net/tls_credentials.h>
#include <zsock/zsock.h>

#include "support.h"

#define CA_TAG 1
#define OWN_TAG 3
#define IDLE_SECONDS 30 /* how long a silent server is waited for */
#define HEAD_MAX 8192

struct options {
	const char *host, *path, *ca_file;
	const char *name; /* what the certificate must say */
	const char *file; /* NULL is stdout */
	int port;
	bool show; /* our own certificate to the server */
};

struct response {
	char head[HEAD_MAX];
	size_t head_len; /* the blank line included */
	size_t filled;   /* head and the start of the body */
	int status;
	long long announced; /* Content-Length, or -1 */
};

static const char usage[] =
    "usage: https_get [--name NAME] [--show-own] [-o FILE] HOST PORT PATH\n"
    "                 [CA_FILE]\n"
    "       https_get -h | --help\n"
    "\n"
    "Fetches https://HOST:PORT/PATH and writes the page to stdout.\n"
    "\n"
    "  CA_FILE      certificates to trust, PEM or DER; without it, what is\n"
    "               stored under sec_tag 1 already, as from a bundle:\n"
    "               ZSOCK_CREDENTIALS=client.zcred\n"
    "  --name NAME  the name that the server's certificate must carry\n"
    "               (default: HOST)\n"
    "  --show-own   show the server the certificate that is stored under\n"
    "               sec_tag 3 with its key\n"
    "  -o FILE      write the page to FILE\n"
    "\n"
    "What happened is told on stderr.  Ends with 0 if the page is there in\n"
    "full, 1 if not (a status other than 2xx counts), 2 for wrong arguments.\n";

static bool
parse_positional(struct options *o, int n, const char *arg)
{
	switch (n) {
	case 0:
		o->host = arg;
		return true;
	case 1:
		return parse_port(arg, 1, &o->port);
	case 2:
		o->path = arg;
		return true;
	case 3:
		o->ca_file = arg;
		return true;
	default:
		return complain("\"%s\" is one argument too many", arg);
	}
}

/* What is put into the request must not be able to end it. */
static bool
check_path(const char *path)
{
	if (*path != '/')
		return complain("PATH \"%s\" must begin with /", path);
	for (const char *p = path; *p != '\0'; p++) {
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f)
			return complain("PATH has a character that no URL may "
			                "have; write it as %%%02X",
			    (unsigned)(unsigned char)*p);
	}
	return true;
}

static bool
parse_arguments(struct options *o, int argc, char **argv)
{
	int n = 0;

	for (int i = 1; i < argc; i++) {
		const bool name = strcmp(argv[i], "--name") == 0;

		if (name || strcmp(argv[i], "-o") == 0) {
			if (i + 1 == argc)
				return complain("%s wants a value", argv[i]);
			*(name ? &o->name : &o->file) = argv[i + 1];
			i++;
		} else if (strcmp(argv[i], "--show-own") == 0) {
			o->show = true;
		} else if (argv[i][0] == '-' && argv[i][1] != '\0') {
			return complain("there is no option %s", argv[i]);
		} else if (!parse_positional(o, n++, argv[i])) {
			return false;
		}
	}
	if (n < 3)
		return complain("HOST PORT PATH are needed");
	if (o->name == NULL)
		o->name = o->host;
	return check_path(o->path);
}

/* Without a file it is there, as in a device that has been provisioned. */
static bool
load_ca(const struct options *o)
{
	static char ca[1 << 20]; /* a whole system's bundle fits */

	if (o->ca_file == NULL)
		return has_credential(CA_TAG, TLS_CREDENTIAL_CA_CERTIFICATE,
		    "CA_FILE");
	return load_credential(o->ca_file, CA_TAG,
	    TLS_CREDENTIAL_CA_CERTIFICATE, ca, sizeof(ca));
}

/* Everything that has to be known before connect. */
static bool
prepare(int sock, const struct options *o)
{
	const sec_tag_t tags[] = { CA_TAG, OWN_TAG };
	const struct zsock_timeval idle = { .tv_sec = IDLE_SECONDS };

	return set_option(sock, ZSOCK_SOL_TLS, ZSOCK_TLS_SEC_TAG_LIST, tags,
	           o->show ? sizeof(tags) : sizeof(tags[0]),
	           "TLS_SEC_TAG_LIST") &&
	    set_option(sock, ZSOCK_SOL_TLS, ZSOCK_TLS_HOSTNAME, o->name,
	        strlen(o->name) + 1, "TLS_HOSTNAME") &&
	    set_option(sock, ZSOCK_SOL_SOCKET, ZSOCK_SO_RCVTIMEO, &idle,
	        sizeof(idle), "SO_RCVTIMEO") &&
	    set_option(sock, ZSOCK_SOL_SOCKET, ZSOCK_SO_SNDTIMEO, &idle,
	        sizeof(idle), "SO_SNDTIMEO");
}

static const char *
connect_hint(int err)
{
	switch (err) {
	case ECONNABORTED:
		return "; the TLS handshake failed: the line \"zsock: error\" "
		       "above says why";
	case ETIMEDOUT:
		/* What a device says of a refused connection, too. */
		return "; nothing listens there, or it did not answer in time: "
		       "check HOST and PORT";
	default:
		return "";
	}
}

/* A socket whose handshake is done, or -1. */
static int
try_address(const struct zsock_addrinfo *ai, const struct options *o)
{
	int err, sock;

	sock =
	    zsock_socket(ai->ai_family, NET_SOCK_STREAM, NET_IPPROTO_TLS_1_2);
	if (sock < 0) {
		complain("socket: %s", errno_text(errno));
		return -1;
	}
	if (!prepare(sock, o)) {
		zsock_close(sock);
		return -1;
	}
	if (zsock_connect(sock, ai->ai_addr, ai->ai_addrlen) == 0)
		return sock;
	err = errno;
	complain("connect to %s port %d: %s%s", address_text(ai->ai_addr),
	    o->port, errno_text(err), connect_hint(err));
	zsock_close(sock);
	return -1;
}

static int
connect_to_host(const struct options *o)
{
	struct zsock_addrinfo *found =
	    find_host(o->host, o->port, NET_SOCK_STREAM);
	int sock = -1;

	for (const struct zsock_addrinfo *ai = found; ai != NULL && sock < 0;
	     ai = ai->ai_next)
		sock = try_address(ai, o);
	zsock_freeaddrinfo(found);
	return sock;
}

static bool
tell_connection(int sock, const struct options *o)
{
	const char *version = zsock_tls_version(sock);
	const char *suite = zsock_tls_ciphersuite(sock);
	uint32_t result;
	net_socklen_t len = sizeof(result);

	if (version == NULL || suite == NULL)
		return complain("no TLS on the socket: %s", errno_text(errno));
	if (zsock_getsockopt(sock, ZSOCK_SOL_TLS, ZSOCK_TLS_CERT_VERIFY_RESULT,
	        &result, &len) != 0)
		return complain("getsockopt TLS_CERT_VERIFY_RESULT: %s",
		    errno_text(errno));
	fprintf(stderr, "tls: %s %s\n", version, suite);
	if (result == 0)
		fprintf(stderr, "peer: verified as %s\n", o->name);
	else
		fprintf(stderr, "peer: NOT verified (flags 0x%x)\n",
		    (unsigned)result);
	return true;
}

static bool
send_request(int sock, const struct options *o)
{
	const bool brackets = strchr(o->host, ':') != NULL;
	char request[2048];
	int n;

	n = snprintf(request, sizeof(request),
	    "GET %s HTTP/1.0\r\n"
	    "Host: %s%s%s:%d\r\n"
	    "Connection: close\r\n"
	    "\r\n",
	    o->path, brackets ? "[" : "", o->host, brackets ? "]" : "",
	    o->port);
	if (n < 0 || (size_t)n >= sizeof(request))
		return complain("HOST and PATH are too long");
	return send_all(sock, request, (size_t)n);
}

static bool
recv_failed(void)
{
	if (errno == EAGAIN)
		return complain("recv: the server was silent for %d s",
		    IDLE_SECONDS);
	return complain("recv: %s", errno_text(errno));
}

/* The value of a field of the head, or NULL; name is in lower case. */
static const char *
field(const char *head, const char *name)
{
	const size_t len = strlen(name);
	const char *line = strstr(head, "\r\n");
	size_t i;

	for (; line != NULL; line = strstr(line, "\r\n")) {
		line += 2;
		for (i = 0; i < len; i++) {
			if (tolower((unsigned char)line[i]) != name[i])
				break;
		}
		if (i == len && line[len] == ':')
			return line + len + 1;
	}
	return NULL;
}

static bool
parse_head(struct response *r)
{
	const char *length = field(r->head, "content-length");
	char *end;

	if (sscanf(r->head, "HTTP/%*d.%*d %3d", &r->status) != 1)
		return complain("the server does not speak HTTP: \"%.20s\"",
		    r->head);
	fprintf(stderr, "status: %.*s\n", (int)strcspn(r->head, "\r\n"),
	    r->head);
	if (r->status < 200 || r->status > 299)
		return complain("the server did not give the page%s",
		    r->status / 100 == 3 ? "; redirects are not followed" : "");
	if (field(r->head, "transfer-encoding") != NULL)
		return complain("the page comes in chunks, which a server must "
		                "not send to HTTP/1.0");
	r->announced = -1;
	if (length == NULL)
		return true;
	errno = 0;
	r->announced = strtoll(length, &end, 10);
	if (errno != 0 || end == length || r->announced < 0)
		return complain("Content-Length is not a number");
	return true;
}

static bool
recv_head(int sock, struct response *r)
{
	char *end = NULL;
	ssize_t n;

	while (end == NULL) {
		if (r->filled == HEAD_MAX - 1)
			return complain("the head is longer than %d bytes",
			    HEAD_MAX - 1);
		n = zsock_recv(sock, r->head + r->filled,
		    HEAD_MAX - 1 - r->filled, 0);
		if (n < 0)
			return recv_failed();
		if (n == 0)
			return complain("the server closed the connection "
			                "before its answer was complete");
		r->filled += (size_t)n;
		r->head[r->filled] = '\0';
		end = strstr(r->head, "\r\n\r\n");
	}
	r->head_len = (size_t)(end - r->head) + 4;
	return true;
}

static bool
check_complete(const struct response *r, long long total)
{
	if (r->announced < 0)
		fprintf(stderr, "body: %lld bytes, no Content-Length\n", total);
	else
		fprintf(stderr, "body: %lld of %lld bytes\n", total,
		    r->announced);
	if (total < r->announced)
		return complain("the connection ended before the page did");
	return true;
}

/* The body ends where Content-Length says, else with the connection. */
static bool
recv_body(int sock, struct response *r, FILE *out)
{
	const char *data = r->head + r->head_len;
	ssize_t n = (ssize_t)(r->filled - r->head_len);
	char buf[4096];
	long long total = 0;

	while (r->announced < 0 || total < r->announced) {
		if (r->announced >= 0 && n > r->announced - total)
			n = (ssize_t)(r->announced - total);
		if (n > 0 && fwrite(data, 1, (size_t)n, out) != (size_t)n)
			return complain("cannot write the page: %s",
			    errno_text(errno));
		total += n;
		if (total == r->announced)
			break;
		data = buf;
		n = zsock_recv(sock, buf, sizeof(buf), 0);
		if (n < 0)
			return recv_failed();
		if (n == 0)
			break;
	}
	return check_complete(r, total);
}

static bool
save_body(int sock, struct response *r, const char *file)
{
	FILE *out = file != NULL ? fopen(file, "wb") : stdout;
	bool good;

	if (out == NULL)
		return complain("cannot write %s: %s", file, errno_text(errno));
	good = recv_body(sock, r, out);
	if ((file != NULL ? fclose(out) : fflush(out)) != 0 && good)
		good = complain("cannot write the page: %s", errno_text(errno));
	if (!good && file != NULL)
		complain("%s is not complete", file);
	return good;
}

int
main(int argc, char **argv)
{
	static struct response response;
	struct options o = { 0 };
	bool good;
	int sock;

	program = "https_get";
	if (wants_help(argc, argv))
		return fputs(usage, stdout) == EOF;
	if (!parse_arguments(&o, argc, argv)) {
		fputs("https_get --help tells more\n", stderr);
		return 2;
	}
	if (!load_ca(&o))
		return 1;
	sock = connect_to_host(&o);
	if (sock < 0)
		return 1;
	good = tell_connection(sock, &o) && send_request(sock, &o) &&
	    recv_head(sock, &response) && parse_head(&response) &&
	    save_body(sock, &response, o.file);
	zsock_close(sock);
	return good ? 0 : 1;
}
