/* zsock-cred: credentials in files, directories and living processes. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "cred/bundle_lock.h"
#include "help.h"
#include "place.h"
#include "say.h"

#define SECONDS_MAX 86400

/* What this process holds is in no core file, and in no debugger of others. */
static int
harden(void)
{
	const struct rlimit none = { 0, 0 };

	/*
	 * A reader that has gone away, and a file that would be larger than a
	 * limit, are errors of write, not the end.
	 */
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
	    signal(SIGXFSZ, SIG_IGN) == SIG_ERR)
		return say(FAILED, "signal: %s", strerror(errno));
	if (setrlimit(RLIMIT_CORE, &none) < 0)
		return say(FAILED, "setrlimit: %s", strerror(errno));
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return say(FAILED, "prctl: %s", strerror(errno));
	return DONE;
}

/* What there is to say when all that can be said is how to say it. */
static int
wrong_usage(const char *format, const char *what)
{
	if (format != NULL)
		(void)say(USAGE, format, what);
	return say(USAGE, "\"zsock-cred help\" has all commands");
}

static int
read_seconds(const char *option, const char *text, int *ms)
{
	char *end;
	double s;

	errno = 0;
	s = strtod(text, &end);
	if (errno != 0 || end == text || *end != '\0' || !(s >= 0) ||
	    s > SECONDS_MAX)
		return say(USAGE,
		    "--%s wants seconds, from 0 to %d, not \"%s\"", option,
		    SECONDS_MAX, text);
	*ms = (int)(s * 1000);
	return DONE;
}

static int
show_help(const char *name)
{
	const struct verb *v;

	if (name == NULL) {
		help_all();
		return DONE;
	}
	v = help_find(name);
	if (v == NULL)
		return wrong_usage("there is no command \"%s\"", name);
	help_verb(v);
	return DONE;
}

static bool
asks_for_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--help") == 0)
			return true;
	}
	return false;
}

static int
run_verb(int argc, char **argv)
{
	const struct verb *v;

	if (strcmp(argv[0], "help") == 0) {
		if (argc > 2)
			return wrong_usage("help of one command at a time",
			    NULL);
		return show_help(argc < 2 ? NULL : argv[1]);
	}
	v = help_find(argv[0]);
	if (v == NULL)
		return wrong_usage("there is no command \"%s\"", argv[0]);
	if (asks_for_help(argc, argv)) {
		help_verb(v);
		return DONE;
	}
	optind = 0; /* which makes getopt begin anew */
	return v->run(argc, argv);
}

enum { OPTION_TIMEOUT = 256, OPTION_WAIT, OPTION_VERSION, OPTION_HELP };

static const struct option options[] = {
	{ "timeout", required_argument, NULL, OPTION_TIMEOUT },
	{ "wait", required_argument, NULL, OPTION_WAIT },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ NULL, 0, NULL, 0 },
};

static int
run(int argc, char **argv)
{
	int option, rc = DONE;

	while (rc == DONE &&
	    (option = verb_option(argc, argv, "+q", options, NULL)) != -1) {
		switch (option) {
		case 'q':
			say_quiet = 1;
			break;
		case OPTION_TIMEOUT:
			rc = read_seconds("timeout", optarg, &place_timeout_ms);
			bundle_lock_ms = place_timeout_ms;
			break;
		case OPTION_WAIT:
			rc = read_seconds("wait", optarg, &place_wait_ms);
			break;
		case OPTION_VERSION:
			out("zsock-cred " CRED_VERSION "\n");
			return DONE;
		case OPTION_HELP:
			return show_help(NULL);
		default:
			return wrong_usage(NULL, NULL);
		}
	}
	if (rc != DONE)
		return rc;
	if (optind == argc)
		return ps_without_verb();
	return run_verb(argc - optind, argv + optind);
}

int
main(int argc, char **argv)
{
	char name[] = "this tool";
	int rc, end;

	if (argc < 1)
		return USAGE;
	argv[0] = name; /* to verb_option */
	/* Options may be anywhere, whatever the rest of the session wants. */
	(void)unsetenv("POSIXLY_CORRECT"); /* which fails of bad names only */
	rc = harden();
	if (rc == DONE)
		rc = run(argc, argv);
	end = out_end();
	return end != DONE ? end : rc;
}
