#include "tls/keylog.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/config.h"
#include "base/log.h"

static void
announce(void)
{
	static atomic_flag said = ATOMIC_FLAG_INIT;

	if (!atomic_flag_test_and_set(&said))
		log_line(LOG_WARN,
		    "SSLKEYLOGFILE: the keys of all TLS connections go to %s: "
		    "whoever reads it can decrypt them",
		    config_get()->keylog);
}

static void
complain(int error)
{
	static atomic_flag said = ATOMIC_FLAG_INIT;

	if (!atomic_flag_test_and_set(&said))
		log_line(LOG_WARN, "SSLKEYLOGFILE: %s: %s; keys are missing",
		    config_get()->keylog, strerror(-error));
}

/* A line is one write, so that those of several threads do not mix. */
static void
write_line(const SSL *ssl, const char *line)
{
	const size_t n = strlen(line);
	char *copy = malloc(n + 1);
	int rc = -ENOMEM;

	(void)ssl;
	if (copy != NULL) {
		memcpy(copy, line, n + 1);
		copy[n] = '\n';
		rc = log_append(config_get()->keylog, copy, n + 1);
		OPENSSL_cleanse(copy, n);
		free(copy);
	}
	if (rc < 0)
		complain(rc);
}

SSL_CTX_keylog_cb_func
tls_keylog(void)
{
	if (config_get()->keylog == NULL)
		return NULL;
	announce();
	return write_line;
}
