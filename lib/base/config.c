#include "base/config.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define HANDSHAKE_MS_DEFAULT 10000

static struct config config;
static pthread_once_t once = PTHREAD_ONCE_INIT;

/*
 * A value that cannot be understood is said, not guessed: a test that believes
 * it has shortened a timeout must not wait for the default in silence.  It
 * goes straight to stderr because the log is not set up yet.
 */
static void
complain(const char *name, const char *value, const char *want)
{
	fprintf(stderr, "zsock: error: %s=%s is ignored: it must be %s\n", name,
	    value, want);
}

static int
env_log_level(void)
{
	const char *value = getenv("ZSOCK_LOG");
	int level;

	if (value == NULL || *value == '\0')
		return LOG_WARN;
	level = log_level_parse(value);
	if (level < 0) {
		complain("ZSOCK_LOG", value, "off, error, warn, info or debug");
		return LOG_WARN;
	}
	return level;
}

static int
env_ms(const char *name, int fallback)
{
	const char *value = getenv(name);
	char *end;
	long ms;

	if (value == NULL || *value == '\0')
		return fallback;
	errno = 0;
	ms = strtol(value, &end, 10);
	if (errno != 0 || *end != '\0' || ms < 1 || ms > INT_MAX) {
		complain(name, value, "a number of milliseconds above 0");
		return fallback;
	}
	return (int)ms;
}

static void
read_environment(void)
{
	const int saved = errno;
	const char *file = getenv("ZSOCK_LOG_FILE");

	config.log_level = env_log_level();
	config.log_file = file != NULL && *file != '\0' ? file : NULL;
	config.handshake_ms =
	    env_ms("ZSOCK_TLS_HANDSHAKE_TIMEOUT_MS", HANDSHAKE_MS_DEFAULT);
	errno = saved;
}

const struct config *
config_get(void)
{
	pthread_once(&once, read_environment);
	return &config;
}

void
config_reload(void)
{
	config_get(); /* or the first reader would undo this one */
	read_environment();
}
