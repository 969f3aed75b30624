#include "help.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "kinds.h"
#include "say.h"

/* Each verb with what it is for, in the order of the manual. */
static const struct help_row {
	const struct verb *verb;
	const char *about;
} rows[] = {
	{ &verb_ps, "running processes with a control socket" },
	{ &verb_list, "" },
	{ &verb_show,
	    "subjects, names, dates, key kinds, pairs; never a secret" },
	{ &verb_get, "secrets: only to a file or pipe, not a terminal" },
	{ &verb_add, "" },
	{ &verb_delete, "" },
	{ &verb_dump,
	    "a bundle; PK and PSK are \"Redacted: yes\" without --secrets" },
	{ &verb_load,
	    "add all or nothing; a held pair is a conflict unless --replace" },
	{ &verb_sync,
	    "make STORE equal to the bundles with the fewest changes" },
	{ &verb_import, "" },
	{ &verb_export, "" },
	{ &verb_check, "" },
	{ &verb_compare,
	    "FILE: pasted `cred list`, `AT%CMNG=1` or this tool's csv" },
	{ &verb_generate, "" },
	{ &verb_shell,
	    "answers Zephyr `cred` commands, so device provisioning scripts "
	    "run against a process" },
};
#define COUNT (sizeof(rows) / sizeof(rows[0]))

static const char top[] =
    "usage: zsock-cred [-q] [--timeout S] [--wait S] COMMAND [ARG]...        "
    "(no COMMAND: ps)\n"
    "STORE  FILE.zcred | DIR/ | - (stdin/stdout) | @PID | @NAME | "
    "@/path/x.sock | @ (the only running process)\n"
    "TYPE   CA SERV PK PSK PSK_ID PK_PSA, or any Zephyr or nRF name;  "
    "TAG 0..2147483647;  where a filter is meant: any\n"
    "SRC    FILE | - | env:NAME | fd:N | text:CHARS | hex:DIGITS      "
    "(text: and hex: refused for PK and PSK: other users see arguments)\n"
    "\n";

static const char bottom[] =
    "zsock-cred help [COMMAND]     zsock-cred --version\n"
    "\n"
    "KIND: " KIND_NAMES "\n"
    "\n"
    "To begin with\n"
    "  make a PKI                 zsock-cred generate pki\n"
    "  run a server with it       "
    "ZSOCK_CREDENTIALS=pki/server.zcred ZSOCK_CTL=load ./server\n"
    "  and a client               "
    "ZSOCK_CREDENTIALS=pki/client.zcred ./client\n"
    "  see what a bundle holds    zsock-cred list pki/server.zcred\n"
    "  see what the server holds  zsock-cred list @server\n"
    "  replace its certificate    zsock-cred generate new --ca pki/ca.pem "
    "--ca-key pki/ca.key\n"
    "                             zsock-cred load --replace @server "
    "new/server.zcred\n"
    "  is anything wrong with it  zsock-cred check pki/server.zcred\n"
    "\n"
    "Exit codes: 0 done, 1 no, 2 usage, 3 malformed, 4 absent, 5 refused, "
    "6 conflict, 7 limit, 8 process ended, 9 system error\n";

const struct verb *
help_find(const char *name)
{
	for (size_t i = 0; i < COUNT; i++) {
		if (strcmp(rows[i].verb->name, name) == 0)
			return rows[i].verb;
	}
	return NULL;
}

void
help_all(void)
{
	out("%s", top);
	for (size_t i = 0; i < COUNT; i++) {
		const struct help_row *row = &rows[i];
		const int width = (int)strlen(row->verb->usage);

		/* What it is for stands in one column, if there is room. */
		out("zsock-cred %s", row->verb->usage);
		if (row->about[0] != '\0')
			out("%*s%s", width < 45 ? 47 - width : 3, "",
			    row->about);
		out("\n");
	}
	out("%s", bottom);
}

/* Lines, each indented. */
static void
put_lines(const char *title, const char *text)
{
	if (text == NULL || text[0] == '\0')
		return;
	out("\n%s\n", title);
	while (*text != '\0') {
		const size_t len = strcspn(text, "\n");

		out("  ");
		out_bytes(text, len);
		out("\n");
		text += len + (text[len] == '\n');
	}
}

void
help_verb(const struct verb *v)
{
	out("usage: zsock-cred %s\n", v->usage);
	put_lines("Options", v->options);
	put_lines("Examples", v->examples);
	if (v->exits != NULL && v->exits[0] != '\0')
		out("\nExit codes: %s\n", v->exits);
}

/* How many options the word --NAME or --NAME=VALUE may stand for; one of them. */
static size_t
find_option(const char *word, const struct option *options,
    const struct option **found)
{
	const size_t len = strcspn(word + 2, "=");
	size_t n = 0;

	for (const struct option *o = options; o->name != NULL; o++) {
		if (strncmp(o->name, word + 2, len) != 0)
			continue;
		*found = o;
		n++;
	}
	return n;
}

/*
 * optopt is the letter of an option, or what stands for a long one that has a
 * value too many; or 0 of a long one that is none.
 */
static void
say_unknown(const char *verb, const char *word, const struct option *options)
{
	const struct option *o = NULL;
	const bool is_long = strncmp(word, "--", 2) == 0;
	const size_t n = is_long ? find_option(word, options, &o) : 0;

	if (optopt == 0 && n > 1)
		(void)say(USAGE, "%s: \"%s\" may be several options", verb,
		    word);
	else if (optopt == 0)
		(void)say(USAGE, "%s has no option \"%s\"", verb, word);
	else if (n == 1 && o->val == optopt && strchr(word, '=') != NULL)
		(void)say(USAGE, "%s: --%s has no value", verb, o->name);
	else
		(void)say(USAGE, "%s has no option \"-%c\"", verb, optopt);
}

int
verb_option(int argc, char **argv, const char *shorts,
    const struct option *options, int *index)
{
	const bool stays = shorts[0] == '+';
	char text[16];
	int option;

	(void)snprintf(text, sizeof(text), "%s:%s", stays ? "+" : "",
	    shorts + stays);
	opterr = 0;
	option = getopt_long(argc, argv, text, options, index);
	if (option == ':')
		(void)say(USAGE, "%s: \"%s\" wants a value", argv[0],
		    argv[optind - 1]);
	else if (option == '?')
		say_unknown(argv[0], argv[optind - 1], options);
	return option == ':' ? '?' : option;
}

int
verb_usage(const char *name)
{
	const struct verb *v = help_find(name);

	(void)fprintf(stderr, "usage: zsock-cred %s\n",
	    v == NULL ? "COMMAND [ARG]..." : v->usage);
	return USAGE;
}
