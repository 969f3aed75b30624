#include "args.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "cred/bundle.h"
#include "cred/types.h"
#include "say.h"

/* Decimal digits alone, of a number that an int holds. */
static bool
read_number(const char *text, int *n)
{
	const size_t len = strlen(text);
	long long v = 0;

	if (len == 0 || len > 10)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		v = v * 10 + (text[i] - '0');
	}
	if (v > INT_MAX)
		return false;
	*n = (int)v;
	return true;
}

int
args_tag(const char *text, bool any, int *tag)
{
	if (any && strcasecmp(text, "any") == 0) {
		*tag = -1;
		return DONE;
	}
	if (read_number(text, tag))
		return DONE;
	return say(USAGE, "\"%s\" is no TAG: a number from 0 to 2147483647%s",
	    text, any ? ", or any" : "");
}

int
args_type(const char *text, bool any, int *type)
{
	int found;

	if (any && strcasecmp(text, "any") == 0) {
		*type = 0;
		return DONE;
	}
	found = cred_types_find(text, strlen(text));
	if (found == 0)
		return say(USAGE,
		    "\"%s\" is no TYPE: CA, SERV, PK, PSK, PSK_ID, PK_PSA, or "
		    "a name of Zephyr's or nRF's%s",
		    text, any ? ", or any" : "");
	*type = found;
	return DONE;
}

int
args_filter(char *const *words, int n, int *tag, int *type)
{
	int rc = DONE;

	*tag = -1;
	*type = 0;
	if (n > 2)
		return say(USAGE, "one argument too many: \"%s\"", words[2]);
	if (n > 0)
		rc = args_tag(words[0], true, tag);
	if (n > 1 && rc == DONE)
		rc = args_type(words[1], true, type);
	return rc;
}

void
bytes_fini(struct bytes *b)
{
	if (b->data != NULL)
		OPENSSL_cleanse(b->data, b->len);
	free(b->data);
	*b = (struct bytes){ NULL, 0 };
}

static int
take(const char *what, const void *data, size_t len, size_t max,
    struct bytes *out)
{
	unsigned char *copy;

	if (len > max)
		return say(LIMIT, "%s: more than %zu bytes", what, max);
	copy = malloc(len == 0 ? 1 : len);
	if (copy == NULL)
		return say(FAILED, "%s", strerror(ENOMEM));
	memcpy(copy, data, len);
	*out = (struct bytes){ copy, len };
	return DONE;
}

/* To its end; one byte more than max is too much. */
static int
read_fd(int fd, const char *what, size_t max, struct bytes *out)
{
	unsigned char *data = malloc(max + 1);
	size_t len = 0;
	ssize_t n = 1;
	int rc = DONE;

	if (data == NULL)
		return say(FAILED, "%s", strerror(ENOMEM));
	while (n > 0 && len <= max) {
		n = read(fd, data + len, max + 1 - len);
		if (n < 0 &&
		    (errno == EINTR ||
		        (errno == EAGAIN && say_wait(fd, POLLIN) == 0)))
			n = 1;
		else if (n > 0)
			len += (size_t)n;
	}
	if (n < 0)
		rc = say(outcome_of(-errno), "%s: %s", what, strerror(errno));
	else
		rc = take(what, data, len, max, out);
	OPENSSL_cleanse(data, len);
	free(data);
	return rc;
}

static int
read_file(const char *path, size_t max, struct bytes *out)
{
	int fd, rc;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return say(outcome_of(-errno), "%s: %s", path, strerror(errno));
	rc = read_fd(fd, path, max, out);
	(void)close(fd); /* it was read only */
	return rc;
}

static int
read_env(const char *name, size_t max, struct bytes *out)
{
	const char *value = getenv(name);

	if (value == NULL)
		return say(ABSENT, "the environment has no %s", name);
	return take(name, value, strlen(value), max, out);
}

static int
read_fd_of(const char *number, size_t max, struct bytes *out)
{
	int fd;

	if (!read_number(number, &fd))
		return say(USAGE, "\"%s\" is no number of a descriptor",
		    number);
	return read_fd(fd, "the descriptor", max, out);
}

static int
read_hex(const char *digits, size_t max, struct bytes *out)
{
	unsigned char *data;
	long len = 0;
	int rc;

	if (digits[0] == '\0')
		return take("hex:", "", 0, max, out);
	data = OPENSSL_hexstr2buf(digits, &len);
	if (data == NULL)
		return say(USAGE, "hex: wants an even number of hex digits");
	rc = take("hex:", data, (size_t)len, max, out);
	OPENSSL_clear_free(data, (size_t)len);
	return rc;
}

static const char *
after(const char *text, const char *lead)
{
	const size_t len = strlen(lead);

	return strncmp(text, lead, len) == 0 ? text + len : NULL;
}

int
args_source(const char *text, bool secret, size_t max, struct bytes *out)
{
	const char *rest;

	if (max == 0)
		max = BUNDLE_VALUE_MAX;
	if (secret &&
	    (after(text, "text:") != NULL || after(text, "hex:") != NULL))
		return say(REFUSED,
		    "a secret is not for the command line, which other users "
		    "see: use FILE, -, env:NAME or fd:N");
	if (strcmp(text, "-") == 0)
		return read_fd(STDIN_FILENO, "standard input", max, out);
	if ((rest = after(text, "env:")) != NULL)
		return read_env(rest, max, out);
	if ((rest = after(text, "fd:")) != NULL)
		return read_fd_of(rest, max, out);
	if ((rest = after(text, "text:")) != NULL)
		return take("text:", rest, strlen(rest), max, out);
	if ((rest = after(text, "hex:")) != NULL)
		return read_hex(rest, max, out);
	return read_file(text, max, out);
}

#define PASS_MAX ((size_t)4096)

int
args_pass(const char *file, const char *env, const char *fd, struct bytes *out)
{
	unsigned char *end;
	size_t len;
	int rc;

	if ((file != NULL) + (env != NULL) + (fd != NULL) > 1)
		return say(USAGE,
		    "one of --pass-file, --pass-env and --pass-fd is enough");
	*out = (struct bytes){ NULL, 0 };
	if (file == NULL && env == NULL && fd == NULL)
		return DONE;
	if (file != NULL)
		rc = strcmp(file, "-") == 0
		    ? read_fd(STDIN_FILENO, "standard input", PASS_MAX, out)
		    : read_file(file, PASS_MAX, out);
	else if (env != NULL)
		rc = read_env(env, PASS_MAX, out);
	else
		rc = read_fd_of(fd, PASS_MAX, out);
	if (rc != DONE)
		return rc;
	end = memchr(out->data, '\n', out->len);
	if (end == NULL)
		return DONE;
	len = (size_t)(end - out->data);
	if (len > 0 && out->data[len - 1] == '\r')
		len--;
	OPENSSL_cleanse(out->data + len, out->len - len);
	out->len = len;
	return DONE;
}
