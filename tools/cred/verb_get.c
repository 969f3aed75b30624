#include <getopt.h>

#include "args.h"
#include "cred/bundle_write.h"
#include "cred/store.h"
#include "cred/types.h"
#include "place.h"
#include "say.h"
#include "value_as.h"
#include "verb.h"
#include "view.h"

struct get {
	const char *file;
	enum value_as as;
	int tag, type;
};

static int
get(struct place *p, const struct get *g)
{
	struct buf b = { .len = 0 };
	struct item item;
	int rc;

	rc = place_get(p, g->tag, g->type, &item);
	if (rc != DONE)
		return rc;
	rc = value_as_out(g->as, g->type, item.data, item.len, &b);
	if (rc == DONE)
		rc = args_write(g->file, b.data, b.len,
		    value_is_secret(g->type, item.data, item.len));
	buf_fini(&b);
	item_fini(&item);
	return rc;
}

static int
read_get(int argc, char **argv, struct get *g)
{
	static const struct option options[] = {
		{ "as", required_argument, NULL, 'a' },
		{ NULL, 0, NULL, 0 },
	};
	int option, rc = DONE;

	while (rc == DONE &&
	    (option = verb_option(argc, argv, "o:", options, NULL)) != -1) {
		if (option == 'a')
			rc = value_as_find(optarg, false, &g->as);
		else if (option == 'o')
			g->file = optarg;
		else
			rc = USAGE;
	}
	if (rc == DONE && argc - optind != 3)
		rc = say(USAGE, "get wants STORE TAG TYPE");
	if (rc == DONE)
		rc = args_tag(argv[optind + 1], false, &g->tag);
	if (rc == DONE)
		rc = args_type(argv[optind + 2], false, &g->type);
	return rc;
}

static int
run_get(int argc, char **argv)
{
	struct get g = { .file = "-", .as = AS_RAW };
	struct place *p;
	int rc;

	if (read_get(argc, argv, &g) != DONE)
		return verb_usage("get");
	rc = place_open(argv[optind], &p);
	if (rc != DONE)
		return rc;
	rc = get(p, &g);
	place_close(p);
	return rc;
}

static bool
is_secret(const struct item *i)
{
	return value_is_secret(i->type, i->data, i->len);
}

/* A weak key could be guessed by its digest. */
static bool
put_section(struct buf *b, const struct item *i, bool secrets)
{
	buf_put(b, '\n');
	if (i->data == NULL || (is_secret(i) && !secrets))
		return bundle_write_redacted(b, i->tag, i->type,
		    item_shows_digest(i) ? i->digest : NULL);
	return bundle_write_section(b, i->tag, i->type, i->data, i->len);
}

static bool
is_decree(const struct set *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (!s->items[i].override)
			return false;
	}
	return s->n > 0;
}

struct dump {
	const char *file;
	bool secrets;
	int tag, type;
};

/* With --secrets a bundle that lacks one of them would not be what was asked. */
static int
check_readable(const struct place *p, const struct set *s, bool *secret)
{
	*secret = false;
	for (size_t i = 0; i < s->n; i++) {
		if (!is_secret(&s->items[i]))
			continue;
		if (s->items[i].data == NULL)
			return say(REFUSED, "%s: %d %s cannot be read%s",
			    place_name(p), s->items[i].tag,
			    cred_types_short(s->items[i].type),
			    s->items[i].redacted ? ", it is redacted"
			                         : " without ZSOCK_CTL=full");
		*secret = true;
	}
	return DONE;
}

static int
dump_set(const struct place *p, const struct dump *d, const struct set *s)
{
	struct buf b = { .len = 0 };
	bool secret = false, good = true;
	int rc = DONE;

	if (s->n == 0 && (d->tag >= 0 || d->type != 0))
		return say(ABSENT, "%s: no such credential is there",
		    place_name(p));
	if (d->secrets)
		rc = check_readable(p, s, &secret);
	if (rc != DONE)
		return rc;
	buf_text(&b, BUNDLE_FIRST_LINE "\n");
	if (is_decree(s))
		buf_text(&b, "Mode: override\n");
	for (size_t i = 0; good && i < s->n; i++)
		good = put_section(&b, &s->items[i], d->secrets);
	rc = good && !b.failed ? args_write(d->file, b.data, b.len, secret)
	                       : say_no_memory();
	buf_fini(&b);
	return rc;
}

static int
dump(const char *store, const struct dump *d)
{
	struct set s = { .n = 0 };
	struct place *p;
	int rc;

	rc = place_open(store, &p);
	if (rc != DONE)
		return rc;
	rc = place_read(p, d->secrets ? PLACE_ALL : PLACE_PUBLIC, d->tag,
	    d->type, &s);
	if (rc == DONE)
		rc = dump_set(p, d, &s);
	set_fini(&s);
	place_close(p);
	return rc;
}

static int
run_dump(int argc, char **argv)
{
	static const struct option options[] = {
		{ "secrets", no_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	struct dump d = { .file = "-" };
	int option;

	while ((option = verb_option(argc, argv, "o:", options, NULL)) != -1) {
		if (option == 's')
			d.secrets = true;
		else if (option == 'o')
			d.file = optarg;
		else
			return verb_usage("dump");
	}
	if (optind == argc) {
		(void)say(USAGE, "dump: which STORE?");
		return verb_usage("dump");
	}
	if (args_filter(argv + optind + 1, argc - optind - 1, &d.tag,
	        &d.type) != DONE)
		return verb_usage("dump");
	return dump(argv[optind], &d);
}

const struct verb verb_get = {
	.name = "get",
	.usage = "get STORE TAG TYPE [-o FILE] [--as raw|pem|der|hex|base64]",
	.options =
	    "-o FILE      written whole or not at all; mode 0600 if secret\n"
	    "--as raw     the bytes as they are stored (the default)\n"
	    "--as pem     without the final NUL; DER is converted\n"
	    "--as der     PEM of one block is converted\n"
	    "--as hex     and\n"
	    "--as base64  the stored bytes, and a line end",
	.examples = "zsock-cred get dev.zcred 42 CA --as pem -o ca.pem\n"
	            "zsock-cred get @server 2 SERV --as pem | openssl x509 "
	            "-noout -text",
	.exits = "0 done, 2 usage, 3 malformed, 4 none there, 5 refused, "
	         "8 process ended, 9 system error",
	.run = run_get,
};

const struct verb verb_dump = {
	.name = "dump",
	.usage = "dump STORE [TAG|any [TYPE|any]] [--secrets] [-o FILE]",
	.options =
	    "--secrets  the values of PK and PSK, too; not to a terminal\n"
	    "-o FILE    written whole or not at all; mode 0600 with secrets",
	.examples = "zsock-cred dump @server -o server-public.zcred\n"
	            "zsock-cred dump keys/ --secrets -o keys.zcred",
	.exits = "0 done, 2 usage, 3 malformed, 4 none there, 5 refused, "
	         "8 process ended, 9 system error",
	.run = run_dump,
};
