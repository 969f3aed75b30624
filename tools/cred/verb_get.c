#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "args.h"
#include "cred/bundle_write.h"
#include "cred/store.h"
#include "cred/types.h"
#include "place.h"
#include "say.h"
#include "value_as.h"
#include "verb.h"

struct get {
	const char *file;
	enum value_as as;
	int tag, type;
};

static int
get(struct place *p, const struct get *g)
{
	struct bytes b = { NULL, 0 };
	struct item item;
	int rc;

	rc = place_get(p, g->tag, g->type, &item);
	if (rc != DONE)
		return rc;
	rc = value_as_out(g->as, g->type, item.data, item.len, &b);
	if (rc == DONE)
		rc = args_write(g->file, b.data, b.len,
		    value_is_secret(g->type, item.data, item.len));
	bytes_fini(&b);
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

/* The bundle in the making; sections are never copied about. */
struct page {
	struct bytes *parts;
	size_t n, len;
};

static bool
is_secret(const struct item *i)
{
	return value_is_secret(i->type, i->data, i->len);
}

static int
add_part(struct page *page, const struct item *i, bool secrets)
{
	const bool hidden = i->data == NULL || (is_secret(i) && !secrets);
	/* A weak key could be guessed by its digest. */
	const bool digest = i->digest[0] != '\0' && i->type != CRED_PSK;
	struct bytes *b = &page->parts[page->n];
	char *text;

	text = hidden
	    ? bundle_write_redacted(i->tag, i->type, digest ? i->digest : NULL,
	          &b->len)
	    : bundle_write_section(i->tag, i->type, i->data, i->len, &b->len);
	if (text == NULL)
		return say(FAILED, "%s", strerror(ENOMEM));
	b->data = (unsigned char *)text;
	page->n++;
	page->len += b->len + 1;
	return DONE;
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

static int
write_page(const struct page *page, const struct set *s, const char *file,
    bool secret)
{
	const char *top = is_decree(s) ? "zsock-credentials 1\nMode: override\n"
	                               : "zsock-credentials 1\n";
	const size_t top_len = strlen(top), len = top_len + page->len;
	unsigned char *text = malloc(len), *at = text;
	int rc;

	if (text == NULL)
		return say(FAILED, "%s", strerror(ENOMEM));
	memcpy(at, top, top_len);
	at += top_len;
	for (size_t i = 0; i < page->n; i++) {
		*at++ = '\n';
		memcpy(at, page->parts[i].data, page->parts[i].len);
		at += page->parts[i].len;
	}
	rc = args_write(file, text, len, secret);
	OPENSSL_cleanse(text, len);
	free(text);
	return rc;
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
	struct page page = { .n = 0 };
	bool secret = false;
	int rc = DONE;

	if (s->n == 0 && (d->tag >= 0 || d->type != 0))
		return say(ABSENT, "%s: no such credential is there",
		    place_name(p));
	if (d->secrets)
		rc = check_readable(p, s, &secret);
	if (rc != DONE)
		return rc;
	page.parts = calloc(s->n + 1, sizeof(*page.parts));
	if (page.parts == NULL)
		return say(FAILED, "%s", strerror(ENOMEM));
	for (size_t i = 0; rc == DONE && i < s->n; i++)
		rc = add_part(&page, &s->items[i], d->secrets);
	if (rc == DONE)
		rc = write_page(&page, s, d->file, secret);
	for (size_t i = 0; i < page.n; i++)
		bytes_fini(&page.parts[i]);
	free(page.parts);
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
