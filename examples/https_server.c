/*
 * Serves the files of a folder over TLS, one connection at a time, the way
 * firmware does it.  accept does the handshake, so a client that is slow or
 * wrong shows there, and must not stop the server.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <zephyr/net/socket.h>
#include <zephyr/net/tls_credentials.h>

#include "support.h"

#define CLIENT_CA_TAG 1
#define SERVER_TAG 2
#define IDLE_SECONDS 5     /* a client may be silent for so long */
#define REQUEST_SECONDS 10 /* and its request may take so long in all */
#define BACKLOG 5

struct options {
	const char *folder, *cert_file, *key_file, *address;
	int port;
	bool ask; /* clients for a certificate */
};

struct request {
	char method[16];
	char target[512]; /* as it came, printable */
	char path[512];   /* decoded, without the query */
};

/* The first piece of a file that can be read, and how much there is in all. */
struct page {
	FILE *file;
	char piece[4096];
	size_t len;
	long size;
};

static const char usage[] =
    "usage: https_server [--address ADDR] [--ask-clients] PORT FOLDER\n"
    "                    [CERT_FILE KEY_FILE]\n"
    "       https_server -h | --help\n"
    "\n"
    "Serves the files of FOLDER over TLS until it is killed.  The first line\n"
    "of its output is \"listening on PORT\"; with PORT 0 the system chooses\n"
    "the port and that line tells it.\n"
    "\n"
    "  CERT_FILE KEY_FILE  the certificate (with its chain) and its private\n"
    "                      key without a password, PEM or DER; without them,\n"
    "                      the two that are stored under sec_tag 2 already,\n"
    "                      as from a bundle: ZSOCK_CREDENTIALS=server.zcred\n"
    "  --address ADDR      an IPv4 or IPv6 address (default: 127.0.0.1)\n"
    "  --ask-clients       serve only clients that show a certificate of the\n"
    "                      CA that is stored under sec_tag 1\n"
    "\n"
    "Symbolic links in FOLDER are followed.\n";

static bool
parse_positional(struct options *o, int n, const char *arg)
{
	switch (n) {
	case 0:
		return parse_port(arg, 0, &o->port);
	case 1:
		o->folder = arg;
		return true;
	case 2:
		o->cert_file = arg;
		return true;
	case 3:
		o->key_file = arg;
		return true;
	default:
		return complain("\"%s\" is one argument too many", arg);
	}
}

static bool
parse_arguments(struct options *o, int argc, char **argv)
{
	int n = 0;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--address") == 0) {
			if (++i == argc)
				return complain("--address wants a value");
			o->address = argv[i];
		} else if (strcmp(argv[i], "--ask-clients") == 0) {
			o->ask = true;
		} else if (argv[i][0] == '-') {
			return complain("there is no option %s", argv[i]);
		} else if (!parse_positional(o, n++, argv[i])) {
			return false;
		}
	}
	if (n < 2)
		return complain("PORT FOLDER are needed");
	if (n == 3)
		return complain("KEY_FILE is needed with CERT_FILE");
	return true;
}

/* A folder that is not there would be a 404 for every page. */
static bool
check_folder(const char *folder)
{
	char inside[4096];
	FILE *f;

	snprintf(inside, sizeof(inside), "%s/.", folder);
	f = fopen(inside, "rb");
	if (f == NULL)
		return complain("cannot read the folder %s: %s", folder,
		    errno_text(errno));
	fclose(f);
	return true;
}

/*
 * The two credentials belong together only under the same tag.  Without files
 * they have to be there, as they are in a device that has been provisioned.
 */
static bool
load_credentials(const struct options *o)
{
	static char cert[1 << 16], key[1 << 16];

	if (o->cert_file == NULL)
		return has_credential(SERVER_TAG,
		    TLS_CREDENTIAL_PUBLIC_CERTIFICATE,
		    "CERT_FILE and KEY_FILE");
	return load_credential(o->cert_file, SERVER_TAG,
	           TLS_CREDENTIAL_PUBLIC_CERTIFICATE, cert, sizeof(cert)) &&
	    load_credential(o->key_file, SERVER_TAG, TLS_CREDENTIAL_PRIVATE_KEY,
	        key, sizeof(key));
}

/* The tags of a listener, and whether its clients are asked who they are. */
static bool
secure(int sock, const struct options *o)
{
	const sec_tag_t tags[] = { SERVER_TAG, CLIENT_CA_TAG };
	const int verify = TLS_PEER_VERIFY_REQUIRED;

	return set_option(sock, ZSOCK_SOL_TLS, ZSOCK_TLS_SEC_TAG_LIST, tags,
	           o->ask ? sizeof(tags) : sizeof(tags[0]),
	           "TLS_SEC_TAG_LIST") &&
	    (!o->ask ||
	        set_option(sock, ZSOCK_SOL_TLS, ZSOCK_TLS_PEER_VERIFY, &verify,
	            sizeof(verify), "TLS_PEER_VERIFY"));
}

static int
open_listener(const struct options *o)
{
	const int sock = bind_address(o->address, o->port, NET_SOCK_STREAM,
	    NET_IPPROTO_TLS_1_2);
	bool good = false;

	if (sock < 0)
		return -1;
	if (secure(sock, o)) {
		good = zsock_listen(sock, BACKLOG) == 0 ||
		    complain("listen: %s", errno_text(errno));
		good = good && tell_port(sock);
	}
	if (good)
		return sock;
	zsock_close(sock);
	return -1;
}

/* Reads up to the blank line, or gives the client up. */
static bool
recv_request(int sock, char *buf, size_t size)
{
	const time_t until = time(NULL) + REQUEST_SECONDS;
	size_t filled = 0;
	ssize_t n;

	buf[0] = '\0';
	while (strstr(buf, "\r\n\r\n") == NULL) {
		if (filled == size - 1)
			return complain("a request of more than %zu bytes",
			    size - 1);
		if (time(NULL) > until)
			return complain("a request took more than %d s",
			    REQUEST_SECONDS);
		n = zsock_recv(sock, buf + filled, size - 1 - filled, 0);
		if (n < 0)
			return complain("recv: %s", errno_text(errno));
		if (n == 0)
			return complain("a client left without a request");
		filled += (size_t)n;
		buf[filled] = '\0';
	}
	return true;
}

/* %41 is A; a NUL would end the name early. */
static bool
decode(const char *from, char *to)
{
	while (*from != '\0' && *from != '?') {
		if (*from == '%') {
			const int high = hex_digit(from[1]);
			const int low = high < 0 ? -1 : hex_digit(from[2]);

			if (low < 0 || high + low == 0)
				return false;
			*to++ = (char)(high << 4 | low);
			from += 3;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
	return true;
}

/* No part of a path may lead out of the folder. */
static bool
has_dot_dot(const char *path)
{
	for (const char *p = path; (p = strstr(p, "..")) != NULL; p++) {
		if (p[-1] == '/' && (p[2] == '/' || p[2] == '\0'))
			return true;
	}
	return false;
}

static bool
parse_request(const char *text, struct request *r)
{
	int minor;

	if (sscanf(text, "%15[A-Z] %511[!-~] HTTP/1.%1d", r->method, r->target,
	        &minor) != 3) {
		strcpy(r->method, "?");
		strcpy(r->target, "?");
		return false;
	}
	return r->target[0] == '/' && decode(r->target, r->path) &&
	    !has_dot_dot(r->path);
}

static const char *
content_type(const char *path)
{
	static const struct {
		const char *ending, *type;
	} types[] = {
		{ ".html", "text/html; charset=utf-8" },
		{ ".txt", "text/plain; charset=utf-8" },
		{ ".css", "text/css" },
		{ ".js", "text/javascript" },
		{ ".json", "application/json" },
		{ ".svg", "image/svg+xml" },
		{ ".png", "image/png" },
	};
	const char *ending = strrchr(path, '.');

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (ending != NULL && strcmp(ending, types[i].ending) == 0)
			return types[i].type;
	}
	return "application/octet-stream";
}

/* A folder can be opened, but the first read from it fails. */
static bool
open_page(struct page *p, const char *folder, const char *path)
{
	const char *index = path[strlen(path) - 1] == '/' ? "index.html" : "";
	char name[2048];
	const int n =
	    snprintf(name, sizeof(name), "%s%s%s", folder, path, index);

	if (n < 0 || (size_t)n >= sizeof(name))
		return false;
	p->file = fopen(name, "rb");
	if (p->file == NULL)
		return false;
	p->len = fread(p->piece, 1, sizeof(p->piece), p->file);
	if (!ferror(p->file) && fseek(p->file, 0, SEEK_END) == 0) {
		p->size = ftell(p->file);
		if (p->size >= 0 && fseek(p->file, (long)p->len, SEEK_SET) == 0)
			return true;
	}
	fclose(p->file);
	return false;
}

static bool
send_head(int sock, const struct request *r, const char *status,
    const char *type, long size)
{
	char head[512];
	const int n = snprintf(head, sizeof(head),
	    "HTTP/1.1 %s\r\n"
	    "Content-Type: %s\r\n"
	    "Content-Length: %ld\r\n"
	    "%s"
	    "Connection: close\r\n"
	    "\r\n",
	    status, type, size,
	    strncmp(status, "405", 3) == 0 ? "Allow: GET, HEAD\r\n" : "");

	fprintf(stderr, "%s %s -> %s, %ld bytes\n", r->method, r->target,
	    status, size);
	return send_all(sock, head, (size_t)n);
}

static void
send_error(int sock, const struct request *r, const char *status)
{
	char text[64];
	const int n = snprintf(text, sizeof(text), "%s\n", status);

	if (send_head(sock, r, status, "text/plain", n) &&
	    strcmp(r->method, "HEAD") != 0)
		send_all(sock, text, (size_t)n);
}

/* As many bytes as were announced, even if the file grows meanwhile. */
static void
send_page(int sock, const struct request *r, struct page *p)
{
	long left = p->size;

	if (!send_head(sock, r, "200 OK", content_type(r->path), p->size) ||
	    strcmp(r->method, "HEAD") == 0)
		return;
	while (left > 0 && p->len > 0) {
		if ((long)p->len > left)
			p->len = (size_t)left;
		if (!send_all(sock, p->piece, p->len))
			return;
		left -= (long)p->len;
		p->len = fread(p->piece, 1, sizeof(p->piece), p->file);
	}
	if (left > 0)
		complain("%s became shorter while it was sent", r->path);
}

static void
serve(int sock, const char *folder)
{
	static char text[4096];
	struct request r;
	struct page page;

	if (!recv_request(sock, text, sizeof(text)))
		return;
	if (!parse_request(text, &r)) {
		send_error(sock, &r, "400 Bad Request");
	} else if (strcmp(r.method, "GET") != 0 &&
	    strcmp(r.method, "HEAD") != 0) {
		send_error(sock, &r, "405 Method Not Allowed");
	} else if (!open_page(&page, folder, r.path)) {
		send_error(sock, &r, "404 Not Found");
	} else {
		send_page(sock, &r, &page);
		fclose(page.file);
	}
}

/* Did accept fail because of that one client, or for good? */
static bool
only_the_client(int err)
{
	return err == ECONNABORTED || err == ETIMEDOUT || err == EAGAIN ||
	    err == ECONNRESET || err == EINTR;
}

/* An accepted socket does not inherit the listener's time limits. */
static bool
limit_waiting(int sock)
{
	const struct zsock_timeval idle = { .tv_sec = IDLE_SECONDS };

	if (zsock_setsockopt(sock, ZSOCK_SOL_SOCKET, ZSOCK_SO_RCVTIMEO, &idle,
	        sizeof(idle)) == 0 &&
	    zsock_setsockopt(sock, ZSOCK_SOL_SOCKET, ZSOCK_SO_SNDTIMEO, &idle,
	        sizeof(idle)) == 0)
		return true;
	return complain("setsockopt SO_RCVTIMEO: %s", errno_text(errno));
}

static int
run(int listener, const char *folder)
{
	int sock;

	for (;;) {
		sock = zsock_accept(listener, NULL, NULL);
		if (sock >= 0) {
			if (limit_waiting(sock))
				serve(sock, folder);
			zsock_close(sock);
		} else if (only_the_client(errno)) {
			complain("a client was lost: %s", errno_text(errno));
		} else {
			complain("accept: %s", errno_text(errno));
			return 1;
		}
	}
}

int
main(int argc, char **argv)
{
	struct options o = { .address = "127.0.0.1" };
	int listener;

	program = "https_server";
	if (wants_help(argc, argv))
		return fputs(usage, stdout) == EOF;
	if (!parse_arguments(&o, argc, argv)) {
		fputs("https_server --help tells more\n", stderr);
		return 2;
	}
	if (!check_folder(o.folder) || !load_credentials(&o))
		return 1;
	listener = open_listener(&o);
	return listener < 0 ? 1 : run(listener, o.folder);
}
