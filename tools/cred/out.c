#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "say.h"

/* What goes to standard output; it may be a secret. */
static struct {
	char *data;
	size_t len, room;
	bool failed;
} held;

static void
forget(void)
{
	if (held.data != NULL)
		OPENSSL_cleanse(held.data, held.len);
	free(held.data);
	held.data = NULL;
	held.len = held.room = 0;
}

static bool
make_room(size_t more)
{
	size_t room = held.room == 0 ? 4096 : held.room;
	char *data;

	if (held.failed)
		return false;
	while (room - held.len < more && room <= (size_t)1 << 40)
		room *= 2;
	if (room == held.room)
		return true;
	data = malloc(room);
	if (data == NULL) {
		held.failed = true;
		return false;
	}
	if (held.data != NULL) {
		memcpy(data, held.data, held.len);
		OPENSSL_cleanse(held.data, held.len);
		free(held.data);
	}
	held.data = data;
	held.room = room;
	return true;
}

void
out_bytes(const void *data, size_t len)
{
	if (len == 0 || !make_room(len))
		return;
	memcpy(held.data + held.len, data, len);
	held.len += len;
}

void
out(const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (n < 0 || !make_room((size_t)n + 1)) {
		held.failed = true;
		return;
	}
	va_start(ap, format);
	(void)vsnprintf(held.data + held.len, (size_t)n + 1, format, ap);
	va_end(ap);
	held.len += (size_t)n;
}

static int
write_all(const char *data, size_t len)
{
	while (len > 0) {
		const ssize_t n = write(STDOUT_FILENO, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		/* A pipe of ssh or of Node.js does not wait by itself. */
		if (n < 0 && errno == EAGAIN &&
		    say_wait(STDOUT_FILENO, POLLOUT) == 0)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int
out_end(void)
{
	int rc = held.failed ? -ENOMEM : write_all(held.data, held.len);

	held.failed = false;
	forget();
	if (rc == 0 || rc == -EPIPE)
		return DONE;
	return say(FAILED, "standard output: %s", strerror(-rc));
}
