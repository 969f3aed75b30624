#include "base/config.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/log.h"
#include "base/profile.h"

#define EXIT_CONFIG 78 /* EX_CONFIG of sysexits.h */
#define HANDSHAKE_MS_DEFAULT 10000

static struct config config;
static int default_profile = PROFILE_ZEPHYR;
static const char *const *kept; /* NAME=VALUE, then NULL; or NULL */
static pthread_once_t once = PTHREAD_ONCE_INIT;

void
config_keep(const char *const *variables)
{
	kept = variables;
}

const char *
config_variable(const char *name)
{
	const size_t len = strlen(name);

	for (const char *const *v = kept; v != NULL && *v != NULL; v++) {
		if (strncmp(*v, name, len) == 0 && (*v)[len] == '=')
			return *v + len + 1;
	}
	return getenv(name);
}

const char *
config_secure(const char *name)
{
	return getauxval(AT_SECURE) != 0 ? NULL : config_variable(name);
}

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
	const char *value = config_variable("ZSOCK_LOG");
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
	const char *value = config_variable(name);
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

void
config_die(const char *variable, const char *why)
{
	fprintf(stderr, "zsock: error: %s: %s\n", variable, why);
	_exit(
	    EXIT_CONFIG); /* what runs at exit may ask for the configuration */
}

static const char *
unless_empty(const char *value)
{
	return value != NULL && *value != '\0' ? value : NULL;
}

/* Its value, or NULL if it is not set or empty. */
static const char *
env_text(const char *name)
{
	return unless_empty(config_variable(name));
}

/*
 * A test that runs with another profile, or other numbers, than it asked for
 * proves nothing, so these end the program.
 */
static int
env_profile(void)
{
	const char *value = env_text("ZSOCK_PROFILE");
	const int profile =
	    value != NULL ? profile_parse(value) : default_profile;

	if (profile < 0)
		config_die("ZSOCK_PROFILE", PROFILE_NAMES);
	return profile;
}

static int
env_number(const char *name, int least, int most, int fallback, const char *why)
{
	const char *value = env_text(name);
	char *end;
	long n;

	if (value == NULL)
		return fallback;
	n = strtol(value, &end, 10);
	if (*end != '\0' || n < least || n > most)
		config_die(name, why);
	return (int)n;
}

static bool
env_leaks(void)
{
	const char *value = env_text("ZSOCK_LEAKS");

	if (value == NULL || strcmp(value, "0") == 0)
		return false;
	if (strcmp(value, "1") != 0)
		config_die("ZSOCK_LEAKS", "it is 0 or 1");
	return true;
}

static enum config_errors
env_credentials_errors(void)
{
	const char *value =
	    unless_empty(config_secure("ZSOCK_CREDENTIALS_ERRORS"));

	if (value == NULL || strcmp(value, "exit") == 0)
		return CONFIG_ERRORS_EXIT;
	if (strcmp(value, "warn") != 0)
		config_die("ZSOCK_CREDENTIALS_ERRORS", "it is exit or warn");
	return CONFIG_ERRORS_WARN;
}

static void
read_environment(void)
{
	const int saved = errno;

	config.log_level = env_log_level();
	config.log_file = unless_empty(config_secure("ZSOCK_LOG_FILE"));
	config.keylog = unless_empty(config_secure("SSLKEYLOGFILE"));
	config.ctl = unless_empty(config_secure("ZSOCK_CTL"));
	config.ctl_name = unless_empty(config_secure("ZSOCK_CTL_NAME"));
	config.profile = env_profile();
	config.fd_base = env_number("ZSOCK_FD_BASE", 0, CONFIG_FD_BASE_MAX, 0,
	    "it is " CONFIG_FD_BASE_WANT);
	config.limits = unless_empty(config_secure("ZSOCK_LIMITS"));
	config.hosts = unless_empty(config_secure("ZSOCK_HOSTS"));
	config.credentials = unless_empty(config_secure("ZSOCK_CREDENTIALS"));
	config.credentials_errors = env_credentials_errors();
	config.leaks = env_leaks();
	config.handshake_ms =
	    env_ms("ZSOCK_TLS_HANDSHAKE_TIMEOUT_MS", HANDSHAKE_MS_DEFAULT);
	config.max_record = env_number("ZSOCK_TLS_MAX_RECORD",
	    CONFIG_RECORD_MIN, CONFIG_RECORD_MAX, 0,
	    "it is the most data of a record in bytes, 512 to 16384");
	errno = saved;
}

void
config_default_profile(int profile)
{
	default_profile = profile;
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
