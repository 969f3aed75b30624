#include "support.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zephyr/net/socket.h>

const char *program = "example";

bool
complain(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", program);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return false;
}

#define PSK_MAX 64 /* bytes; devices take 32 or 48 */

#define ROW(name) \
	{ \
		name, #name \
	}

const char *
errno_text(int err)
{
	static const struct {
		int number;
		const char *name;
	} rows[] = {
		ROW(EACCES),
		ROW(EADDRINUSE),
		ROW(EADDRNOTAVAIL),
		ROW(EAFNOSUPPORT),
		ROW(EAGAIN),
		ROW(ECONNABORTED),
		ROW(ECONNREFUSED),
		ROW(ECONNRESET),
		ROW(EEXIST),
		ROW(EHOSTUNREACH),
		ROW(EINVAL),
		ROW(EIO),
		ROW(ENETUNREACH),
		ROW(ENFILE),
		ROW(ENOENT),
		ROW(ENOMEM),
		ROW(ENOPROTOOPT),
		ROW(ENOTCONN),
		ROW(ENOTDIR),
		ROW(ENOTSUP),
		ROW(EPROTONOSUPPORT),
		ROW(ETIMEDOUT),
	};
	static char text[96];
	const char *name = NULL;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].number == err)
			name = rows[i].name;
	}
	if (name == NULL)
		return strerror(err);
	snprintf(text, sizeof(text), "%s (%s)", name, strerror(err));
	return text;
}

bool
wants_help(int argc, char **argv)
{
	return argc == 2 &&
	    (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0);
}

bool
parse_port(const char *text, int least, int *port)
{
	char *end;
	const long n = strtol(text, &end, 10);

	if (end == text || *end != '\0' || n < least || n > 65535)
		return complain("\"%s\" is not a port: give a number from %d "
		                "to 65535",
		    text, least);
	*port = (int)n;
	return true;
}

static const struct argument_option *
find_option(const struct argument_option *options, const char *name)
{
	for (; options->name != NULL; options++) {
		if (strcmp(options->name, name) == 0)
			return options;
	}
	return NULL;
}

bool
parse_command_line(int argc, char **argv, const struct argument_option *options,
    const char **others, int n, const char *names)
{
	const struct argument_option *option;
	int found = 0;

	for (int i = 1; i < argc; i++) {
		option = find_option(options, argv[i]);
		if (option != NULL && option->on != NULL) {
			*option->on = true;
		} else if (option != NULL) {
			if (i + 1 == argc)
				return complain("%s wants a value", argv[i]);
			*option->value = argv[++i];
		} else if (argv[i][0] == '-' && argv[i][1] != '\0') {
			return complain("there is no option %s", argv[i]);
		} else if (found == n) {
			return complain("\"%s\" is one argument too many",
			    argv[i]);
		} else {
			others[found++] = argv[i];
		}
	}
	return found == n || complain("this is needed: %s", names);
}

/* The length of the file in buf, with room for one byte more; 0 if not. */
static size_t
read_file(const char *file, char *buf, size_t size)
{
	FILE *f = fopen(file, "rb");
	size_t len;
	bool good;

	if (f == NULL) {
		complain("cannot open the credential file %s: %s", file,
		    errno_text(errno));
		return 0;
	}
	setvbuf(f, NULL, _IONBF, 0); /* no copy of a key stays behind */
	len = fread(buf, 1, size, f);
	good = !ferror(f);
	fclose(f);
	if (!good)
		complain("cannot read the credential file %s", file);
	else if (len == 0)
		complain("the credential file %s is empty", file);
	else if (len == size)
		complain("the credential file %s is too large: %zu bytes fit",
		    file, size - 1);
	return good && len < size ? len : 0;
}

bool
load_credential(const char *file, sec_tag_t tag, enum tls_credential_type type,
    char *buf, size_t size)
{
	size_t len = read_file(file, buf, size);
	int err;

	if (len == 0)
		return false;
	buf[len] = '\0';
	if (strstr(buf, "-----BEGIN") != NULL)
		len++; /* text: its NUL counts */
	err = tls_credential_add(tag, type, buf, len);
	if (err < 0)
		return complain("cannot add %s under sec_tag %d: %s", file, tag,
		    errno_text(-err));
	return true;
}

bool
has_credential(sec_tag_t tag, enum tls_credential_type type, const char *files)
{
	size_t len = 0;

	/* Asked for its length alone, one that is there does not fit. */
	if (tls_credential_get(tag, type, NULL, &len) != -ENOENT)
		return true;
	return complain("there is nothing under sec_tag %d: give %s, or a "
	                "bundle by ZSOCK_CREDENTIALS=FILE",
	    tag, files);
}

int
hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *p = c != '\0' ? strchr(digits, c | 0x20) : NULL;

	return p != NULL ? (int)(p - digits) : -1;
}

/* The bytes that the digits of text stand for; 0 if text has anything else. */
static size_t
parse_hex(const char *text, unsigned char *bytes, size_t size)
{
	size_t n = 0;
	int high, low;

	while ((high = hex_digit(text[0])) >= 0) {
		low = hex_digit(text[1]);
		if (low < 0 || n == size)
			return 0;
		bytes[n++] = (unsigned char)(high << 4 | low);
		text += 2;
	}
	return text[strspn(text, "\r\n")] == '\0' ? n : 0;
}

bool
load_psk(const char *identity, const char *key_file, sec_tag_t tag)
{
	static unsigned char key[PSK_MAX]; /* a device keeps the pointer */
	char text[4096] = { 0 };
	const bool good = read_file(key_file, text, sizeof(text) - 1) > 0;
	const size_t len = good ? parse_hex(text, key, sizeof(key)) : 0;
	int err;

	explicit_bzero(text, sizeof(text));
	if (!good)
		return false;
	if (len == 0)
		return complain("the key file %s must be one line of "
		                "hexadecimal digits, two for each of up to %d "
		                "bytes: openssl rand -hex 16 makes one",
		    key_file, PSK_MAX);
	err = tls_credential_add(tag, TLS_CREDENTIAL_PSK, key, len);
	if (err == 0)
		err = tls_credential_add(tag, TLS_CREDENTIAL_PSK_ID, identity,
		    strlen(identity));
	return err == 0 ||
	    complain("cannot add the pre-shared key under sec_tag %d: %s", tag,
	        errno_text(-err));
}

const char *
printable(const void *data, size_t len)
{
	static char text[160];
	const char *bytes = data;
	size_t i;

	for (i = 0; i < len && i < sizeof(text) - 1; i++)
		text[i] =
		    (char)(bytes[i] >= ' ' && bytes[i] <= '~' ? bytes[i] : '?');
	text[i] = '\0';
	return text;
}

struct zsock_addrinfo *
find_host(const char *host, int port, int type)
{
	const struct zsock_addrinfo hints = { .ai_family = NET_AF_UNSPEC,
		.ai_socktype = type };
	struct zsock_addrinfo *found;
	char service[8];
	int rc;

	snprintf(service, sizeof(service), "%d", port);
	rc = zsock_getaddrinfo(host, service, &hints, &found);
	if (rc == 0)
		return found;
	complain("cannot find the address of host \"%s\": %s", host,
	    zsock_gai_strerror(rc));
	return NULL;
}

const char *
address_text(const struct net_sockaddr *addr)
{
	static char text[NET_INET6_ADDRSTRLEN];
	const void *bytes;

	if (addr->sa_family == NET_AF_INET6)
		bytes = &((const struct net_sockaddr_in6 *)addr)->sin6_addr;
	else
		bytes = &((const struct net_sockaddr_in *)addr)->sin_addr;
	return zsock_inet_ntop(addr->sa_family, bytes, text, sizeof(text));
}

int
bind_address(const char *address, int port, int type, int proto)
{
	struct net_sockaddr_in in = { .sin_family = NET_AF_INET,
		.sin_port = net_htons((uint16_t)port) };
	struct net_sockaddr_in6 in6 = { .sin6_family = NET_AF_INET6,
		.sin6_port = net_htons((uint16_t)port) };
	const struct net_sockaddr *addr = (struct net_sockaddr *)&in;
	net_socklen_t len = sizeof(in);
	int sock;

	if (zsock_inet_pton(NET_AF_INET, address, &in.sin_addr) != 1) {
		if (zsock_inet_pton(NET_AF_INET6, address, &in6.sin6_addr) !=
		    1) {
			complain("\"%s\" is no IPv4 or IPv6 address", address);
			return -1;
		}
		addr = (struct net_sockaddr *)&in6;
		len = sizeof(in6);
	}
	sock = zsock_socket(addr->sa_family, type, proto);
	if (sock < 0) {
		complain("socket: %s", errno_text(errno));
		return -1;
	}
	if (zsock_bind(sock, addr, len) < 0) {
		complain("bind to %s port %d: %s", address, port,
		    errno_text(errno));
		zsock_close(sock);
		return -1;
	}
	return sock;
}

/* The family does not matter: the port is at the same place in both. */
bool
tell_port(int sock)
{
	struct net_sockaddr_in6 addr = { .sin6_port = 0 };
	net_socklen_t len = sizeof(addr);

	if (zsock_getsockname(sock, (struct net_sockaddr *)&addr, &len) < 0)
		return complain("getsockname: %s", errno_text(errno));
	printf("listening on %d\n", net_ntohs(addr.sin6_port));
	return fflush(stdout) == 0;
}

bool
set_option(int sock, int level, int name, const void *val, size_t len,
    const char *what)
{
	if (zsock_setsockopt(sock, level, name, val, (net_socklen_t)len) == 0)
		return true;
	return complain("setsockopt %s: %s%s", what, errno_text(errno),
	    level == ZSOCK_SOL_TLS
	        ? "; a line \"zsock: error\" above may say why"
	        : "");
}

bool
send_all(int sock, const char *data, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = zsock_send(sock, data, len, 0);
		if (n < 0)
			return complain("send: %s", errno_text(errno));
		data += n;
		len -= (size_t)n;
	}
	return true;
}
