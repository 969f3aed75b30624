#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "args.h"
#include "compare_list.h"
#include "cred/types.h"
#include "near.h"
#include "place.h"
#include "say.h"
#include "verb.h"

/* How the two differ. */
struct compare {
	struct set here, there;
	size_t differ, unknown;
};

static int
read_store(const char *name, struct set *out)
{
	struct place *p;
	int rc;

	rc = place_open(name, &p);
	if (rc != DONE)
		return rc;
	rc = place_read(p, PLACE_PUBLIC, -1, 0, out);
	place_close(p);
	if (rc == DONE)
		set_sort(out);
	return rc;
}

static int
read_list(const char *name, struct set *out)
{
	struct kind_input in = { .tag = -1 };
	struct buf b = { .len = 0 };
	int rc;

	rc = args_source(name, true, BUNDLE_SIZE_MAX, &b);
	if (rc != DONE)
		return rc;
	in.data = b.data;
	in.len = b.len;
	rc = compare_list_read(&in, out);
	if (rc != DONE)
		rc = kind_say(&in, rc, name);
	buf_fini(&b);
	return rc;
}

/* A modem has text without the NUL that it has here. */
static bool
is_kept_otherwise(const struct item *here, const struct item *there)
{
	return there->origin == compare_list_modem && here->data != NULL;
}

static bool
is_same(const struct item *here, const struct item *there)
{
	return strcmp(here->digest, there->digest) == 0 ||
	    (is_kept_otherwise(here, there) &&
	        strcmp(near_modem(here).digest, there->digest) == 0);
}

static void
show(const char *what, const struct item *i, const char *lead, const char *more)
{
	const char *type = cred_types_short(i->type);

	out("%-10s  %d %s%s%s\n", what, i->tag,
	    type != NULL ? type : "of an unknown type", lead, more);
}

static void
show_unknown(struct compare *c, const struct item *i, const char *where)
{
	c->unknown++;
	show("unknown", i, ": no digest of it may be seen ", where);
}

/* Which of the two values is at hand is the one whose forms are tried. */
static void
show_difference(const struct item *here, const struct item *there)
{
	struct item kept = *here;
	char text[160];

	if (is_kept_otherwise(here, there))
		kept = near_modem(here);
	if (near_find(&kept, there->digest, text, sizeof(text)))
		show("differs", here, ": there it is ", text);
	else if (near_find(there, here->digest, text, sizeof(text)))
		show("differs", here, ": here it is ", text);
	else
		show("differs", here, "", "");
}

static void
compare_pair(struct compare *c, const struct item *here,
    const struct item *there)
{
	if (there == NULL) {
		c->differ++;
		show("only here", here, "", "");
	} else if (here->digest[0] == '\0') {
		show_unknown(c, here, "here");
	} else if (there->digest[0] == '\0') {
		show_unknown(c, here, "there");
	} else if (is_same(here, there)) {
		show("same", here, "", "");
	} else {
		c->differ++;
		show_difference(here, there);
	}
}

static int
compare(struct compare *c)
{
	for (size_t i = 0; i < c->here.n; i++) {
		const struct item *here = &c->here.items[i];

		compare_pair(c, here,
		    set_find(&c->there, here->tag, here->type));
	}
	for (size_t i = 0; i < c->there.n; i++) {
		const struct item *there = &c->there.items[i];

		if (set_find(&c->here, there->tag, there->type) != NULL)
			continue;
		c->differ++;
		show("only there", there, "", "");
	}
	if (c->differ > 0)
		return NO;
	if (c->unknown > 0)
		return say(REFUSED,
		    "%zu of the digests may not be seen, so it is not known "
		    "whether all is the same",
		    c->unknown);
	return DONE;
}

static int
run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "list", required_argument, NULL, 'l' },
		{ NULL, 0, NULL, 0 },
	};
	struct compare c = { .differ = 0 };
	const char *list = NULL;
	int option, rc;

	while ((option = verb_option(argc, argv, "", options, NULL)) != -1) {
		if (option != 'l')
			return verb_usage("compare");
		list = optarg;
	}
	if (argc - optind != (list == NULL ? 2 : 1)) {
		(void)say(USAGE,
		    "compare wants STORE, and OTHER-STORE or "
		    "--list FILE");
		return verb_usage("compare");
	}
	rc = read_store(argv[optind], &c.here);
	if (rc == DONE)
		rc = list == NULL ? read_store(argv[optind + 1], &c.there)
		                  : read_list(list, &c.there);
	if (rc == DONE)
		rc = compare(&c);
	set_fini(&c.here);
	set_fini(&c.there);
	return rc;
}

const struct verb verb_compare = {
	.name = "compare",
	.usage = "compare STORE OTHER-STORE | --list FILE",
	.options =
	    "--list FILE  what a device has listed, as it was pasted: \"cred "
	    "list\" of\n"
	    "             Zephyr's shell, AT%CMNG=1, or the csv of list; - is\n"
	    "             standard input\n"
	    "A line each: same, differs, only here, only there, unknown. Of "
	    "what\n"
	    "differs it says if the device has another form of the value: no "
	    "NUL,\n"
	    "other line ends, DER. A modem keeps no NUL, which is the same.",
	.examples = "zsock-cred compare dev.zcred @server\n"
	            "zsock-cred compare dev.zcred --list pasted.txt",
	.exits = "0 the same, 1 they differ, 2 usage, 3 malformed, 4 no such "
	         "store, 5 a digest may not be seen, 7 too large, 8 process "
	         "ended, 9 system error",
	.run = run,
};
