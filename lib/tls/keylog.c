#include "tls/keylog.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/log.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int file = -1;

/*
 * The user's own, for it opens what was said; a set-user-ID program has none.
 * Appended to, so that several programs may share it.
 */
static void
open_file(void)
{
	const char *path = secure_getenv("SSLKEYLOGFILE");

	if (path == NULL || *path == '\0')
		return;
	file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY,
	    0600);
	if (file == -1)
		log_line(LOG_WARN, "SSLKEYLOGFILE: %s: %s; no keys are logged",
		    path, strerror(errno));
	else
		log_line(LOG_WARN,
		    "SSLKEYLOGFILE: the keys of all TLS connections go to %s: "
		    "whoever reads it can decrypt them",
		    path);
}

/* A line is one write, so that those of several threads do not mix. */
static void
write_line(const SSL *ssl, const char *line)
{
	const struct iovec parts[] = {
		{ .iov_base = (void *)line, .iov_len = strlen(line) },
		{ .iov_base = (void *)"\n", .iov_len = 1 },
	};
	const int saved = errno;

	(void)ssl;
	if (writev(file, parts, 2) == -1)
		log_line(LOG_WARN, "SSLKEYLOGFILE: %s", strerror(errno));
	errno = saved;
}

SSL_CTX_keylog_cb_func
tls_keylog(void)
{
	pthread_once(&once, open_file);
	return file != -1 ? write_line : NULL;
}
