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
