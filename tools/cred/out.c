#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cred/buf.h"
#include "say.h"

/* What goes to standard output; it may be a secret. */
static struct buf held;

void
out_bytes(const void *data, size_t len)
{
	buf_add(&held, data, len);
}

void
out(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	buf_vprintf(&held, format, ap);
	va_end(ap);
}

static int
write_all(const unsigned char *data, size_t len)
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

	buf_fini(&held);
	if (rc == 0 || rc == -EPIPE)
		return DONE;
	return say(FAILED, "standard output: %s", strerror(-rc));
}
