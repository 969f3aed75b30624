#include <getopt.h>
#include <string.h>

#include "args.h"
#include "cred/types.h"
#include "place.h"
#include "plan.h"
#include "report.h"
#include "say.h"
#include "verb.h"

static int
take(struct plan *l, const struct place *from, const struct item *i)
{
	const char *type = cred_types_short(i->type);
	struct item *new;

	if (i->redacted)
		return say(REFUSED,
		    "%s:%d: %d %s is redacted: it has no value to load",
		    place_name(from), i->line, i->tag, type);
	if (i->data == NULL)
		return say(REFUSED,
		    "%s: %d %s cannot be read without ZSOCK_CTL=full",
		    place_name(from), i->tag, type);
	if (set_find(&l->wanted, i->tag, i->type) != NULL)
		return say(CONFLICT,
		    "%s: %d %s is in a bundle before this one already",
		    place_name(from), i->tag, type);
	new = set_add(&l->wanted, i->tag, i->type, i->data, i->len);
	if (new == NULL)
		return say_no_memory();
	new->override = i->override;
	return DONE;
}

static int
read_bundle(struct plan *l, const char *name)
{
	struct set s = { .n = 0 };
	struct place *from;
	int rc;

	rc = place_open(name, &from);
	if (rc != DONE)
		return rc;
	rc = place_read(from, PLACE_ALL, -1, 0, &s);
	for (size_t i = 0; rc == DONE && i < s.n; i++)
		rc = take(l, from, &s.items[i]);
	set_fini(&s);
	place_close(from);
	return rc;
}

static int
read_bundles(struct plan *l, char **words, int n)
{
	int streams = 0, rc = DONE;

	for (int i = 0; i < n; i++)
		streams += strcmp(words[i], "-") == 0;
	if (streams > 1)
		return say(USAGE, "standard input can be read but once");
	for (int i = 1; rc == DONE && i < n; i++)
		rc = read_bundle(l, words[i]);
	set_sort(&l->wanted);
	return rc;
}

/* A bundle has one mode for all that it holds, and its head is not changed. */
static void
drop_mode(struct plan *l, const char *store)
{
	bool override = false;

	for (size_t i = 0; i < l->wanted.n; i++) {
		override |= l->wanted.items[i].override;
		l->wanted.items[i].override = false;
	}
	if (override)
		remark("%s: \"Mode: override\" is for processes, and not "
		       "written here",
		    store);
}

static int
load(struct plan *l, const char *store)
{
	struct place *p;
	int rc;

	rc = place_open(store, &p);
	if (rc != DONE)
		return rc;
	if (!place_is_process(p))
		drop_mode(l, store);
	rc = plan_carry_out(l, p);
	if (rc == CONFLICT && l->sync && !is_stream(p)) {
		remark("%s: once more, from what it is now", store);
		rc = plan_carry_out(l, p);
	}
	place_close(p);
	return rc;
}

static const struct option options[] = {
	{ "dry-run", no_argument, NULL, 'd' },
	{ "replace", no_argument, NULL, 'r' },
	{ "keep-others", no_argument, NULL, 'k' },
	{ NULL, 0, NULL, 0 },
};

/* Each of the two verbs has an option that the other has not. */
static int
read_options(int argc, char **argv, struct plan *l)
{
	const char *other = l->sync ? "replace" : "keep-others";
	int at = 0, option;

	while ((option = verb_option(argc, argv, "", options, &at)) != -1) {
		if (option == '?')
			return USAGE;
		if (strcmp(options[at].name, other) == 0)
			return say(USAGE, "%s has no --%s", argv[0], other);
		l->dry_run |= option == 'd';
		l->replace |= option == 'r';
		l->keep_others |= option == 'k';
	}
	if (argc - optind < 2)
		return say(USAGE, "%s wants STORE BUNDLE...", argv[0]);
	return DONE;
}

static int
run(int argc, char **argv, bool sync)
{
	struct plan l = { .sync = sync };
	int rc;

	if (read_options(argc, argv, &l) != DONE)
		return verb_usage(argv[0]);
	rc = read_bundles(&l, argv + optind, argc - optind);
	if (rc == DONE)
		rc = load(&l, argv[optind]);
	set_fini(&l.wanted);
	return rc;
}

static int
run_load(int argc, char **argv)
{
	return run(argc, argv, false);
}

static int
run_sync(int argc, char **argv)
{
	return run(argc, argv, true);
}

const struct verb verb_load = {
	.name = "load",
	.usage = "load STORE BUNDLE... [--replace] [--dry-run]",
	.options =
	    "--replace  a pair that is held already gets the bundle's value\n"
	    "--dry-run  only print what would be done, a pair a line:\n"
	    "           add, replace or same, TAG TYPE",
	.examples = "zsock-cred load @server dev.zcred\n"
	            "zsock-cred load all.zcred a.zcred b.zcred --replace",
	.exits = "0 done, 2 usage, 3 malformed, 4 no such store, 5 refused, "
	         "6 a pair is held already, 7 too large, 8 process ended, "
	         "9 system error",
	.run = run_load,
};

const struct verb verb_sync = {
	.name = "sync",
	.usage = "sync STORE BUNDLE... [--dry-run] [--keep-others]",
	.options =
	    "--dry-run      only print what would be done, a pair a line:\n"
	    "               add, replace, delete or same, TAG TYPE\n"
	    "--keep-others  what is in no bundle stays",
	.examples = "zsock-cred sync @server dev.zcred\n"
	            "zsock-cred sync @server dev.zcred --dry-run",
	.exits = "0 done, 2 usage, 3 malformed, 4 no such store, 5 refused, "
	         "6 changed meanwhile, 7 too large, 8 process ended, "
	         "9 system error",
	.run = run_sync,
};
