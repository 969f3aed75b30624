#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "say.h"

#define BLANKS " \t\n\r" /* as shim/rules.c has them */

enum {
	OPTION_CREDS = 256,
	OPTION_PROFILE,
	OPTION_LIMITS,
	OPTION_HOSTS,
	OPTION_LOG,
	OPTION_FD_BASE,
	OPTION_CONNECT,
	OPTION_LISTEN,
	OPTION_CTL,
	OPTION_KEYLOG,
	OPTION_NO_FOLLOW,
	OPTION_ALLOW_IO_URING,
	OPTION_HELP,
	OPTION_VERSION
};

static const struct option table[] = {
	{ "creds", required_argument, NULL, OPTION_CREDS },
	{ "profile", required_argument, NULL, OPTION_PROFILE },
	{ "limits", required_argument, NULL, OPTION_LIMITS },
	{ "hosts", required_argument, NULL, OPTION_HOSTS },
	{ "log", required_argument, NULL, OPTION_LOG },
	{ "fd-base", required_argument, NULL, OPTION_FD_BASE },
	{ "tls-connect", required_argument, NULL, OPTION_CONNECT },
	{ "tls-listen", required_argument, NULL, OPTION_LISTEN },
	{ "ctl", required_argument, NULL, OPTION_CTL },
	{ "keylog", required_argument, NULL, OPTION_KEYLOG },
	{ "no-follow", no_argument, NULL, OPTION_NO_FOLLOW },
	{ "allow-io-uring", no_argument, NULL, OPTION_ALLOW_IO_URING },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ NULL, 0, NULL, 0 },
};

/* *to, and text behind it; separated, if there was something. */
static int
append(char **to, const char *separator, const char *text)
{
	char *both;

	if (asprintf(&both, "%s%s%s", *to != NULL ? *to : "",
	        *to != NULL ? separator : "", text) < 0)
		return say_no_memory();
	free(*to);
	*to = both;
	return DONE;
}

/* The len bytes of name, absolute, in *to; what was there is freed. */
static int
absolute(const char *option, const char *name, size_t len, char **to)
{
	char here[PATH_MAX];
	int n;

	if (len == 0)
		return say(OWN, "--%s: the name of a file is empty", option);
	free(*to);
	*to = NULL;
	if (name[0] == '/') {
		*to = strndup(name, len);
		return *to != NULL ? DONE : say_no_memory();
	}
	if (getcwd(here, sizeof(here)) == NULL)
		return say(OWN,
		    "--%s: the directory at hand has no name: %s; name the "
		    "file from the root",
		    option, strerror(errno));
	n = asprintf(to, "%s/%.*s", strcmp(here, "/") == 0 ? "" : here,
	    (int)len, name);
	if (n < 0) {
		*to = NULL;
		return say_no_memory();
	}
	return DONE;
}

static int
take_file(const char *option, const char *name, char **to)
{
	return absolute(option, name, strlen(name), to);
}

/* Colons separate names, so none has one: also not the directory at hand. */
static int
take_creds(const char *text, char **to)
{
	char *name = NULL;
	size_t len;
	int rc;

	for (;; text += len + 1) {
		len = strcspn(text, ":");
		rc = absolute("creds", text, len, &name);
		if (rc == DONE && name != NULL && strchr(name, ':') != NULL)
			rc = say(OWN,
			    "--creds: %s has a colon, which separates bundles; "
			    "go to another directory, or give the bundle "
			    "another name",
			    name);
		if (rc == DONE)
			rc = append(to, ":", name);
		if (rc != DONE || text[len] == '\0')
			break;
	}
	free(name);
	return rc;
}

/* Without a rule, as of a variable that is not set, all would be plain. */
static int
take_rules(const char *option, const char *text, char **to)
{
	if (text[strspn(text, BLANKS)] == '\0')
		return say(OWN,
		    "--%s '%s': there is no rule in it, and without one the "
		    "program would not be secure",
		    option, text);
	return append(to, " ", text);
}

/* LEVEL[:FILE] */
static int
take_log(const char *text, struct options *o)
{
	const size_t len = strcspn(text, ":");

	free(o->log_level);
	free(o->log_file); /* of an option before: this one counts whole */
	o->log_file = NULL;
	o->log_level = strndup(text, len);
	if (o->log_level == NULL)
		return say_no_memory();
	if (text[len] == '\0')
		return DONE;
	return take_file("log", text + len + 1, &o->log_file);
}

static int
take_flag(int option, struct options *o)
{
	if (option == OPTION_NO_FOLLOW)
		o->no_follow = true;
	if (option == OPTION_ALLOW_IO_URING)
		o->allow_io_uring = true;
	if (option == OPTION_HELP)
		o->help = true;
	if (option == OPTION_VERSION)
		o->version = true;
	return DONE;
}

static int
take(int option, struct options *o)
{
	switch (option) {
	case OPTION_CREDS:
		return take_creds(optarg, &o->creds);
	case OPTION_PROFILE:
		o->profile = optarg;
		return DONE;
	case OPTION_LIMITS:
		return take_file("limits", optarg, &o->limits);
	case OPTION_HOSTS:
		return take_file("hosts", optarg, &o->hosts);
	case OPTION_LOG:
		return take_log(optarg, o);
	case OPTION_FD_BASE:
		o->fd_base = optarg;
		return DONE;
	case OPTION_CONNECT:
		return take_rules("tls-connect", optarg, &o->connect);
	case OPTION_LISTEN:
		return take_rules("tls-listen", optarg, &o->listen);
	case OPTION_CTL:
		o->ctl = optarg;
		return DONE;
	case OPTION_KEYLOG:
		return take_file("keylog", optarg, &o->keylog);
	default:
		return take_flag(option, o);
	}
}

/* word is what getopt has stopped at. */
static int
wrong_option(int option, const char *word)
{
	const char letter[] = { '-', (char)optopt, '\0' };

	if (option == ':')
		return say(OWN, "%s wants a value; zsock-run --help has all",
		    word);
	if (optopt >= OPTION_CREDS)
		return say(OWN, "%.*s has no value", (int)strcspn(word, "="),
		    word);
	/* One of several letters is not where getopt has stopped. */
	if (optopt != 0)
		word = letter;
	return say(OWN,
	    "there is no option %s; zsock-run --help has all of them, and the "
	    "program's own stand behind its name",
	    word);
}

int
options_read(int argc, char **argv, struct options *o)
{
	int option, rc;

	*o = (struct options){ .creds = NULL };
	opterr = 0;
	while ((option = getopt_long(argc, argv, "+:", table, NULL)) != -1) {
		if (option == ':' || option == '?')
			return wrong_option(option, argv[optind - 1]);
		rc = take(option, o);
		if (rc != DONE || o->help || o->version)
			return rc;
	}
	o->program = argv + optind;
	if (optind >= argc)
		return say(OWN,
		    "which program?  usage: zsock-run [OPTION]... [--] PROGRAM "
		    "[ARG]...");
	return DONE;
}

void
options_fini(struct options *o)
{
	free(o->creds);
	free(o->limits);
	free(o->hosts);
	free(o->log_level);
	free(o->log_file);
	free(o->connect);
	free(o->listen);
	free(o->keylog);
}
