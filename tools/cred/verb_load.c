#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "cred/types.h"
#include "place.h"
#include "report.h"
#include "say.h"
#include "verb.h"

/* What STORE is to hold, and how it comes there. */
struct load {
	bool sync;
	bool replace, keep_others, dry_run;
	struct set wanted;
	struct set held;
	struct cred_op *ops;
	size_t n;
};

static int
take(struct load *l, const struct place *from, const struct item *i)
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
		return say(FAILED, "%s", strerror(ENOMEM));
	new->override = i->override;
	return DONE;
}

static int
read_bundle(struct load *l, const char *name)
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
read_bundles(struct load *l, char **words, int n)
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

/* What is redacted has the digest of a value, and not the value. */
static bool
is_same(const struct item *held, const struct item *wanted)
{
	return held != NULL && !held->redacted &&
	    strcmp(held->digest, wanted->digest) == 0 &&
	    (held->override || !wanted->override);
}

static void
put_op(struct load *l, enum cred_op_kind kind, const struct item *i)
{
	l->ops[l->n++] = (struct cred_op){ .kind = kind,
		.tag = i->tag,
		.type = i->type,
		.data = i->data,
		.len = i->len,
		.override = i->override };
}

/* What is to go comes first, and makes room. */
static int
plan(struct load *l)
{
	const bool others = l->sync && !l->keep_others;

	l->n = 0;
	l->ops = calloc(l->wanted.n + l->held.n + 1, sizeof(*l->ops));
	if (l->ops == NULL)
		return say(FAILED, "%s", strerror(ENOMEM));
	for (size_t i = 0; others && i < l->held.n; i++) {
		const struct item *held = &l->held.items[i];

		if (set_find(&l->wanted, held->tag, held->type) == NULL)
			put_op(l, CRED_OP_DELETE, held);
	}
	for (size_t i = 0; i < l->wanted.n; i++) {
		const struct item *wanted = &l->wanted.items[i];

		if (!l->sync)
			put_op(l, l->replace ? CRED_OP_PUT : CRED_OP_ADD,
			    wanted);
		else if (!is_same(set_find(&l->held, wanted->tag, wanted->type),
		             wanted))
			put_op(l, CRED_OP_PUT, wanted);
	}
	return DONE;
}

static void
show_plan(const struct load *l)
{
	for (size_t i = 0; i < l->n && l->ops[i].kind == CRED_OP_DELETE; i++)
		out("delete %d %s\n", l->ops[i].tag,
		    cred_types_short(l->ops[i].type));
	for (size_t i = 0; i < l->wanted.n; i++) {
		const struct item *wanted = &l->wanted.items[i];
		const struct item *held =
		    set_find(&l->held, wanted->tag, wanted->type);
		const char *what = held == NULL ? "add"
		    : is_same(held, wanted)     ? "same"
		                                : "replace";

		out("%s %d %s\n", what, wanted->tag,
		    cred_types_short(wanted->type));
	}
}

static int
apply(struct load *l, struct place *p)
{
	const struct place_change c = {
		.ops = l->ops,
		.n = l->n,
		.dry_run = l->dry_run,
		.if_generation = l->sync,
		.generation = l->held.generation,
	};
	struct place_result r = { .generation = 0 };
	int rc = DONE;

	if (l->n > 0 || is_stream(p) || place_is_new(p))
		rc = place_apply(p, &c, &r);
	if (rc != DONE)
		return rc;
	if (l->dry_run)
		show_plan(l);
	else
		report_change(p, &r);
	return DONE;
}

/* What is there must be known, to be left alone or to be shown. */
static int
load_once(struct load *l, struct place *p)
{
	int rc = DONE;

	if ((l->sync || l->dry_run) && !place_is_new(p))
		rc = place_read(p, PLACE_LIST, -1, 0, &l->held);
	if (rc == DONE)
		rc = plan(l);
	if (rc == DONE)
		rc = apply(l, p);
	free(l->ops);
	l->ops = NULL;
	set_fini(&l->held);
	return rc;
}

/* A bundle has one mode for all that it holds, and its head is not changed. */
static void
drop_mode(struct load *l, const char *store)
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
load(struct load *l, const char *store)
{
	struct place *p;
	int rc;

	rc = place_open(store, &p);
	if (rc != DONE)
		return rc;
	if (!place_is_process(p))
		drop_mode(l, store);
	rc = load_once(l, p);
	if (rc == CONFLICT && l->sync && !is_stream(p)) {
		remark("%s: once more, from what it is now", store);
		rc = load_once(l, p);
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
read_options(int argc, char **argv, struct load *l)
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
	struct load l = { .sync = sync };
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
