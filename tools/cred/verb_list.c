#include <getopt.h>
#include <string.h>

#include "args.h"
#include "place.h"
#include "say.h"
#include "verb.h"
#include "view.h"

/* How a list looks, and how much must be read for that. */
static const struct format {
	const char *name;
	void (*print)(const struct view *v);
	enum place_want want;
} formats[] = {
	{ "table", list_table, PLACE_PUBLIC },
	{ "zephyr", list_zephyr, PLACE_LIST },
	{ "csv", list_csv, PLACE_PUBLIC },
	{ "cmng", list_cmng, PLACE_LIST },
	{ "json", list_json, PLACE_PUBLIC },
	{ "show", list_long, PLACE_PUBLIC },
	{ "keys", list_keys, PLACE_LIST },
};
#define LISTS 5
#define SHOW (&formats[5])
#define KEYS (&formats[6])

static const struct format *
find_format(const char *name)
{
	for (size_t i = 0; i < LISTS; i++) {
		if (strcmp(formats[i].name, name) == 0)
			return &formats[i];
	}
	(void)say(USAGE,
	    "\"%s\" is no format: table, zephyr, csv, cmng or json", name);
	return NULL;
}

static int
print(struct place *p, const struct format *f, int tag, int type)
{
	struct set s = { .n = 0 };
	struct view v;
	int rc;

	/* All types of the tag, for a key is shown with what it goes with. */
	rc = place_read(p, f->want, tag, 0, &s);
	if (rc == DONE)
		rc = view_init(&v, place_name(p), &s);
	if (rc != DONE)
		return rc;
	if (type != 0)
		view_keep(&v, type);
	f->print(&v);
	if (v.set.n == 0 && (tag >= 0 || type != 0))
		rc = say(ABSENT, "%s: no such credential is there",
		    place_name(p));
	view_fini(&v);
	return rc;
}

/* STORE [TAG|any [TYPE|any]] */
static int
list(const char *verb, char **words, int n, const struct format *f)
{
	struct place *p;
	int tag, type, rc;

	if (n < 1) {
		(void)say(USAGE, "%s: which STORE?", verb);
		return verb_usage(verb);
	}
	if (args_filter(words + 1, n - 1, &tag, &type) != DONE)
		return verb_usage(verb);
	rc = place_open(words[0], &p);
	if (rc != DONE)
		return rc;
	rc = print(p, f, tag, type);
	place_close(p);
	return rc;
}

static int
run_list(int argc, char **argv)
{
	static const struct option options[] = {
		{ "format", required_argument, NULL, 'f' },
		{ NULL, 0, NULL, 0 },
	};
	const struct format *f = &formats[0];
	bool quiet = say_quiet != 0;
	int option;

	while ((option = verb_option(argc, argv, "q", options, NULL)) != -1) {
		if (option == 'q')
			quiet = true;
		else if (option == 'f')
			f = find_format(optarg);
		else
			f = NULL;
		if (f == NULL)
			return verb_usage("list");
	}
	return list("list", argv + optind, argc - optind, quiet ? KEYS : f);
}

static int
run_show(int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	const struct format *f = SHOW;
	int option;

	while ((option = verb_option(argc, argv, "", options, NULL)) != -1) {
		if (option != 'j')
			return verb_usage("show");
		f = find_format("json");
	}
	return list("show", argv + optind, argc - optind, f);
}

const struct verb verb_list = {
	.name = "list",
	.usage = "list STORE [TAG|any [TYPE|any]] "
	         "[--format table|zephyr|csv|cmng|json] [-q]",
	.options =
	    "--format table   for people (the default)\n"
	    "--format zephyr  as `cred list` of Zephyr's shell prints it, with "
	    "all digests\n"
	    "--format csv     the same and more, with a header; RFC 4180\n"
	    "--format cmng    as a modem answers AT%CMNG=1\n"
	    "--format json    with certificates as PEM\n"
	    "-q               tag and type alone, one pair a line",
	.examples = "zsock-cred list dev.zcred 42\n"
	            "zsock-cred list @server --format zephyr",
	.exits = "0 done, 2 usage, 3 malformed, 4 no such store, 5 refused, "
	         "7 too large, 8 process ended",
	.run = run_list,
};

const struct verb verb_show = {
	.name = "show",
	.usage = "show STORE [TAG|any [TYPE|any]] [--json]",
	.options = "--json  as \"list --format json\"",
	.examples = "zsock-cred show pki/server.zcred\n"
	            "zsock-cred show @server 42 SERV --json",
	.exits = "0 done, 2 usage, 3 malformed, 4 no such store, 5 refused, "
	         "7 too large, 8 process ended",
	.run = run_show,
};
