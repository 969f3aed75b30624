#include "checks.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "base/hosts.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/profile.h"
#include "bundles.h"
#include "cred/wire.h"
#include "say.h"
#include "shim/rules.h"

static int
check_words(const struct options *o)
{
	if (o->profile != NULL && profile_parse(o->profile) < 0)
		return say(OWN, "--profile '%s': " PROFILE_NAMES, o->profile);
	if (o->log_level != NULL && log_level_parse(o->log_level) < 0)
		return say(OWN,
		    "--log '%s': the levels are off, error, warn, info and "
		    "debug",
		    o->log_level);
	if (o->ctl != NULL && wire_level_parse(o->ctl) < 0)
		return say(OWN,
		    "--ctl '%s': the levels are off, list, load and full",
		    o->ctl);
	return DONE;
}

static int
check_fd_base(const char *text)
{
	char *end;
	long n;

	if (text == NULL)
		return DONE;
	errno = 0;
	n = strtol(text, &end, 10);
	if (errno != 0 || !isdigit((unsigned char)*text) || *end != '\0' ||
	    n > CONFIG_FD_BASE_MAX)
		return say(OWN, "--fd-base '%s': it is " CONFIG_FD_BASE_WANT,
		    text);
	return DONE;
}

/*
 * A file that lines are appended to, by many processes: it is made here, so
 * that a directory that is not there is not found out by the first line.
 */
static int
check_append(const char *option, const char *path)
{
	int fd;

	if (path == NULL)
		return DONE;
	fd = open(path,
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
	    0600);
	if (fd == -1 && errno == ENXIO)
		return DONE; /* a pipe, whose reader may still come */
	if (fd == -1)
		return say(OWN, "--%s: %s cannot be written: %s", option, path,
		    strerror(errno));
	close(fd);
	return DONE;
}

static int
check_rules(const char *option, enum rules_kind kind, const char *text)
{
	char why[RULES_ERROR_MAX];
	struct rules rules;

	if (text == NULL || rules_parse(&rules, kind, text, why) == 0)
		return DONE;
	return say(OWN, "--%s: %s", option, why);
}

static int
check_tables(const struct options *o)
{
	char why[512];

	if (o->limits != NULL && limits_load(o->limits, why, sizeof(why)) < 0)
		return say(OWN, "--limits: %s", why);
	if (o->hosts != NULL && hosts_load(o->hosts, why, sizeof(why)) < 0)
		return say(OWN, "--hosts: %s", why);
	return DONE;
}

int
checks_all(const struct options *o)
{
	int rc;

	rc = check_words(o);
	if (rc == DONE)
		rc = check_fd_base(o->fd_base);
	if (rc == DONE)
		rc = check_rules("tls-connect", RULES_CONNECT, o->connect);
	if (rc == DONE)
		rc = check_rules("tls-listen", RULES_LISTEN, o->listen);
	if (rc == DONE)
		rc = check_append("log", o->log_file);
	if (rc == DONE)
		rc = check_append("keylog", o->keylog);
	if (rc == DONE)
		rc = check_tables(o);
	if (rc == DONE)
		rc = bundles_check(o->creds);
	return rc;
}
