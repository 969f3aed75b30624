#include "args.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "cred/bundle.h"
#include "cred/bundle_disk.h"
#include "cred/digits.h"
#include "cred/types.h"
#include "say.h"

int
args_tag(const char *text, bool any, int *tag)
{
	if (any && strcasecmp(text, "any") == 0) {
		*tag = -1;
		return DONE;
	}
	if (digits_number(text, strlen(text), tag))
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

static int
too_long(const char *what, size_t max)
{
	return say(LIMIT, "%s: more than %zu bytes", what, max);
}

static int
take(const char *what, const void *data, size_t len, size_t max,
    struct buf *out)
{
	if (len > max)
		return too_long(what, max);
	return buf_copy(out, data, len) ? DONE : say_no_memory();
}

static int
read_fd(int fd, const char *what, size_t max, struct buf *out)
{
	const int rc = bundle_disk_read(fd, 0, max, out);

	if (rc == -EFBIG)
		return too_long(what, max);
	return rc < 0 ? say(outcome_of(rc), "%s: %s", what, strerror(-rc))
	              : DONE;
}

static int
read_file(const char *path, size_t max, struct buf *out)
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
read_env(const char *name, size_t max, struct buf *out)
{
	const char *value = getenv(name);

	if (value == NULL)
		return say(ABSENT, "the environment has no %s", name);
	return take(name, value, strlen(value), max, out);
}

static int
read_fd_of(const char *number, size_t max, struct buf *out)
{
	int fd;

	if (!digits_number(number, strlen(number), &fd))
		return say(USAGE, "\"%s\" is no number of a descriptor",
		    number);
	return read_fd(fd, "the descriptor", max, out);
}

static int
read_hex(const char *digits, size_t max, struct buf *out)
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
args_source(const char *text, bool secret, size_t max, struct buf *out)
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

static int
read_pass(const char *file, const char *env, const char *fd, struct buf *out)
{
	if (file != NULL)
		return strcmp(file, "-") == 0
		    ? read_fd(STDIN_FILENO, "standard input", PASS_MAX, out)
		    : read_file(file, PASS_MAX, out);
	if (env != NULL)
		return read_env(env, PASS_MAX, out);
	return read_fd_of(fd, PASS_MAX, out);
}

int
args_pass(const char *file, const char *env, const char *fd, struct buf *out)
{
	const unsigned char *end;
	int rc;

	*out = (struct buf){ .len = 0 };
	if ((file != NULL) + (env != NULL) + (fd != NULL) > 1)
		return say(USAGE,
		    "one of --pass-file, --pass-env and --pass-fd is enough");
	if (file == NULL && env == NULL && fd == NULL)
		return DONE;
	rc = read_pass(file, env, fd, out);
	if (rc != DONE)
		return rc;
	end = memchr(out->data, '\n', out->len);
	if (end != NULL)
		out->len = (size_t)(end - out->data);
	if (end != NULL && out->len > 0 && end[-1] == '\r')
		out->len--;
	if (memchr(out->data, '\0', out->len) != NULL) {
		buf_fini(out);
		return say(USAGE, "a pass phrase has no NUL");
	}
	if (!buf_reserve(out, 1)) {
		buf_fini(out);
		return say_no_memory();
	}
	out->data[out->len] = '\0';
	return DONE;
}
