#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "cred/store.h"
#include "place.h"
#include "report.h"
#include "say.h"
#include "value_as.h"
#include "verb.h"

/* STORE TAG TYPE; any: also the type "any". */
static int
read_pair(char **words, bool any, int *tag, int *type)
{
	const int rc = args_tag(words[1], false, tag);

	return rc != DONE ? rc : args_type(words[2], any, type);
}

/* One change, or several of a kind. */
static int
apply(struct place *p, const struct place_change *c)
{
	struct place_result r;
	int rc;

	rc = place_apply(p, c, &r);
	if (rc == DONE && place_is_process(p))
		report_change(p, &r);
	return rc;
}

struct add {
	enum value_as as;
	bool replace;
	const char *note;
};

static int
read_add(int argc, char **argv, struct add *a)
{
	static const struct option options[] = {
		{ "as", required_argument, NULL, 'a' },
		{ "replace", no_argument, NULL, 'r' },
		{ "note", required_argument, NULL, 'n' },
		{ NULL, 0, NULL, 0 },
	};
	int option, rc = DONE;

	while (rc == DONE &&
	    (option = verb_option(argc, argv, "", options, NULL)) != -1) {
		if (option == 'a')
			rc = value_as_find(optarg, true, &a->as);
		else if (option == 'r')
			a->replace = true;
		else if (option == 'n')
			a->note = optarg;
		else
			rc = USAGE;
	}
	if (rc == DONE && a->note != NULL && strpbrk(a->note, "\r\n") != NULL)
		rc = say(USAGE, "a note is one line");
	if (rc == DONE && argc - optind != 4)
		rc = say(USAGE, "add wants STORE TAG TYPE SRC");
	return rc;
}

/* A key is its bytes; that its digits were meant is the likeliest mistake. */
static void
look_at_digits(int type, const struct buf *value)
{
	size_t n = 0;

	while (n < value->len && isxdigit(value->data[n]))
		n++;
	if (type != CRED_PSK || n < 16 || n % 2 != 0)
		return;
	while (n < value->len && strchr("\r\n", value->data[n]) != NULL)
		n++;
	if (n == value->len)
		remark("the key is hexadecimal digits, and stored as the text "
		       "that they are; \"import --from hex\" takes the bytes "
		       "that they stand for");
}

static int
add(char **words, const struct add *a, int tag, int type)
{
	struct cred_op op = { .tag = tag, .type = type };
	const struct place_change c = { .ops = &op, .n = 1, .note = a->note };
	struct buf value = { .len = 0 };
	struct place *p;
	int rc;

	if (strcmp(words[0], "-") == 0 && strcmp(words[3], "-") == 0)
		return say(USAGE,
		    "standard input is the STORE or the SRC, not both");
	rc = args_source(words[3], type_is_secret(type), 0, &value);
	if (rc == DONE)
		rc = value_as_in(a->as, type, &value);
	if (rc == DONE)
		rc = place_open(words[0], &p);
	if (rc == DONE) {
		op.kind = a->replace ? CRED_OP_PUT : CRED_OP_ADD;
		op.data = value.data;
		op.len = value.len;
		rc = apply(p, &c);
		place_close(p);
		if (rc == DONE)
			look_at_digits(type, &value);
	}
	buf_fini(&value);
	return rc;
}

static int
run_add(int argc, char **argv)
{
	struct add a = { .as = AS_ANY };
	int tag, type;

	if (read_add(argc, argv, &a) != DONE ||
	    read_pair(argv + optind, false, &tag, &type) != DONE)
		return verb_usage("add");
	return add(argv + optind, &a, tag, type);
}

/* *gone: one of them was there no more, which is to be looked at again. */
static int
delete_items(struct place *p, const struct set *s, bool missing_ok, bool *gone)
{
	struct cred_op *ops = calloc(s->n + 1, sizeof(*ops));
	const struct place_change c = { .ops = ops,
		.n = s->n,
		.missing_ok = missing_ok };
	int rc;

	if (ops == NULL)
		return say_no_memory();
	for (size_t i = 0; i < s->n; i++)
		ops[i] = (struct cred_op){ .kind = CRED_OP_DELETE,
			.tag = s->items[i].tag,
			.type = s->items[i].type };
	rc = apply(p, &c);
	*gone = rc == ABSENT && missing_ok;
	free(ops);
	return rc;
}

/* All that is there of tag, and of type unless that is 0. */
static int
delete_once(struct place *p, int tag, int type, bool missing_ok, bool *gone)
{
	struct set s = { .n = 0 };
	int rc;

	*gone = false;
	rc = place_read(p, PLACE_LIST, tag, type, &s);
	if (rc != DONE)
		return rc;
	if (s.n == 0 && !missing_ok)
		rc = say(ABSENT, "%s: no such credential is there",
		    place_name(p));
	else if (s.n > 0 || is_stream(p))
		rc = delete_items(p, &s, missing_ok, gone);
	set_fini(&s);
	return rc;
}

/* How often others may be first; each time there is less to delete. */
#define TRIES 100

/* With missing_ok it is no error if somebody else has deleted one meanwhile. */
static int delete (struct place *p, int tag, int type, bool missing_ok)
{
	bool gone = true;
	int rc = DONE;

	for (int i = 0; gone && i < TRIES; i++)
		rc = delete_once(p, tag, type, missing_ok, &gone);
	return rc;
}

static int
run_delete(int argc, char **argv)
{
	static const struct option options[] = {
		{ "missing-ok", no_argument, NULL, 'm' },
		{ NULL, 0, NULL, 0 },
	};
	bool missing_ok = false;
	int option, rc, tag, type;
	struct place *p;

	while ((option = verb_option(argc, argv, "", options, NULL)) != -1) {
		if (option != 'm')
			return verb_usage("delete");
		missing_ok = true;
	}
	if (argc - optind != 3) {
		(void)say(USAGE, "delete wants STORE TAG TYPE");
		return verb_usage("delete");
	}
	if (read_pair(argv + optind, true, &tag, &type) != DONE)
		return verb_usage("delete");
	rc = place_open(argv[optind], &p);
	if (rc != DONE)
		return rc;
	rc = delete (p, tag, type, missing_ok);
	place_close(p);
	return rc;
}

const struct verb verb_add = {
	.name = "add",
	.usage = "add STORE TAG TYPE SRC [--as raw|pem|der] [--replace] "
	         "[--note TEXT]",
	.options =
	    "--as raw     the bytes of SRC as they are\n"
	    "--as pem     SRC is PEM; it gets the final NUL that Zephyr wants\n"
	    "--as der     SRC is DER, or one block of PEM to be decoded\n"
	    "             (without --as: pem if SRC has a BEGIN line, else "
	    "raw)\n"
	    "--replace    also if there is one already\n"
	    "--note TEXT  for people, in a bundle file",
	.examples = "zsock-cred add dev.zcred 42 CA ca.pem\n"
	            "zsock-cred add @server 3 PSK env:PSK --replace",
	.exits = "0 done, 2 usage, 3 malformed, 4 no SRC or process, 5 "
	         "refused, 6 there is one already, 7 too large, 8 process "
	         "ended, 9 system error",
	.run = run_add,
};

const struct verb verb_delete = {
	.name = "delete",
	.usage = "delete STORE TAG TYPE|any [--missing-ok]",
	.options = "--missing-ok  none there is no error",
	.examples = "zsock-cred delete dev.zcred 42 CA\n"
	            "zsock-cred delete @server 42 any --missing-ok",
	.exits = "0 done, 2 usage, 3 malformed, 4 none there, 5 refused, "
	         "8 process ended, 9 system error",
	.run = run_delete,
};
