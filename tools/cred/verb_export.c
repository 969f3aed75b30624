#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "args.h"
#include "cred/store.h"
#include "cred/types.h"
#include "kind_text.h"
#include "kinds.h"
#include "near.h"
#include "place.h"
#include "say.h"
#include "verb.h"

struct export
{
	const struct kind *kind;
	const char *path; /* -o, or NULL */
	bool secrets;
	int tag, type;
	const char *pass_file;
	struct buf pass;
	struct kind_output o;
	struct buf whole; /* files of it that were written as one */
};

static void
drop(struct set *s, size_t i)
{
	item_fini(&s->items[i]);
	s->n--;
	memmove(&s->items[i], &s->items[i + 1],
	    (s->n - i) * sizeof(s->items[0]));
}

/* Keeps what may go out; of a process not all can be read. */
static int
pick(const struct export *e, const struct place *p, struct set *s)
{
	if (s->n == 0)
		return say(ABSENT, "%s: no such credential is there",
		    place_name(p));
	for (size_t i = 0; i < s->n;) {
		const struct item *item = &s->items[i];

		if (type_is_secret(item->type) && !e->secrets) {
			remark("%s is left out: it is a secret, which "
			       "--secrets is for",
			    kind_pair(item->tag, item->type));
			drop(s, i);
			continue;
		}
		if (item->data == NULL)
			return say(REFUSED, "%s: %s cannot be read%s",
			    place_name(p), kind_pair(item->tag, item->type),
			    item->redacted ? ", it is redacted"
			                   : " without ZSOCK_CTL=full");
		i++;
	}
	return DONE;
}

/* What an import would make of what was written; type 0 is not known to it. */
static bool
read_back(const struct export *e, const struct buf *b, int tag, int type,
    struct set *back)
{
	const bool typed = (e->kind->takes & KIND_TYPE) != 0;
	struct kind_input in = { .data = b->data,
		.len = b->len,
		.tag = tag,
		.type = typed ? type : 0,
		.nul = e->o.nul,
		.pass = e->o.pass };
	const int quiet = say_quiet;
	int rc;

	if (b->len > BUNDLE_SIZE_MAX)
		return false;
	say_quiet = 1;
	rc = e->kind->import(&in, back);
	say_quiet = quiet;
	return rc == DONE;
}

/* Are all files of one tag, which then is all that an import needs? */
static bool
is_one_tag(const struct export *e)
{
	for (size_t i = 1; i < e->o.n; i++) {
		if (e->o.files[i].tag != e->o.files[0].tag)
			return false;
	}
	return true;
}

/* Values that go into one file without names of their own are read so, too. */
static bool
read_all(const struct export *e, struct set *back)
{
	bool good = true;

	if (e->whole.data != NULL && (e->kind->takes & KIND_JOINS) == 0 &&
	    is_one_tag(e))
		return read_back(e, &e->whole, e->o.files[0].tag, 0, back);
	for (size_t i = 0; i < e->o.n; i++) {
		const struct kind_file *f = &e->o.files[i];

		good = read_back(e, &f->data, f->tag, f->type, back) && good;
	}
	return good;
}

/* It is in a file; one that has several types has no keys that are shared. */
static bool
was_written(const struct export *e, const struct item *item)
{
	const int type = item->type;
	const bool object = type == CRED_CA_CERTIFICATE ||
	    type == CRED_CERTIFICATE || type == CRED_PRIVATE_KEY;

	for (size_t i = 0; i < e->o.n; i++) {
		const struct kind_file *f = &e->o.files[i];

		if (f->tag == item->tag &&
		    (f->type == type || (f->type == 0 && object)))
			return true;
	}
	return false;
}

/* No kind keeps all: what comes back otherwise is named. */
static void
tell_losses(const struct export *e, const struct set *s)
{
	struct set back = { .n = 0 };
	char text[160];
	bool good;

	if ((e->kind->takes & KIND_DIRECTORY) != 0)
		return;
	good = read_all(e, &back);
	for (size_t i = 0; i < s->n; i++) {
		const struct item *was = &s->items[i];
		const struct item *is = set_find(&back, was->tag, was->type);

		if (is == NULL && was_written(e, was))
			remark("%s would not come back from %s",
			    kind_pair(was->tag, was->type), e->kind->name);
		if (is == NULL || strcmp(is->digest, was->digest) == 0)
			continue;
		if (!near_find(was, is->digest, text, sizeof(text)))
			(void)snprintf(text, sizeof(text), "in another form");
		remark("%s would come back from %s %s",
		    kind_pair(was->tag, was->type), e->kind->name, text);
	}
	if (!good)
		remark("import does not take all of it back");
	set_fini(&back);
}

static int
write_dir(const struct export *e)
{
	char path[PATH_MAX];
	const size_t len = strlen(e->path);
	const char *slash = len > 0 && e->path[len - 1] == '/' ? "" : "/";
	int rc = DONE;

	if (mkdir(e->path, 0755) < 0 && errno != EEXIST)
		return say(outcome_of(-errno), "%s: %s", e->path,
		    strerror(errno));
	for (size_t i = 0; rc == DONE && i < e->o.n; i++) {
		const struct kind_file *f = &e->o.files[i];

		if (snprintf(path, sizeof(path), "%s%s%s", e->path, slash,
		        f->name) >= (int)sizeof(path))
			return say(FAILED, "%s: %s", e->path,
			    strerror(ENAMETOOLONG));
		rc = args_write(path, f->data.data, f->data.len, f->secret);
	}
	return rc;
}

static int
write_one(struct export *e)
{
	struct buf *b = &e->whole;
	bool secret = false;
	int rc;

	for (size_t i = 0; i < e->o.n; i++) {
		const struct kind_file *f = &e->o.files[i];

		secret = secret || f->secret;
		/* The next one begins on a line of its own. */
		if (i > 0 && b->len > 0 && b->data[b->len - 1] != '\n')
			buf_put(b, '\n');
		buf_add(b, f->data.data, f->data.len);
	}
	if (b->failed)
		rc = say_no_memory();
	else
		rc = args_write(e->path != NULL ? e->path : "-",
		    b->data != NULL ? (void *)b->data : "", b->len, secret);
	if (rc == DONE && !is_one_tag(e))
		remark("%s has no tags: which value is of which is not in it",
		    e->kind->name);
	return rc;
}

static bool
is_dir(const char *path)
{
	const size_t len = path != NULL ? strlen(path) : 0;
	struct stat st;

	return len > 0 &&
	    (path[len - 1] == '/' ||
	        (stat(path, &st) == 0 && S_ISDIR(st.st_mode)));
}

static int
write_files(struct export *e)
{
	const unsigned takes = e->kind->takes;
	const bool dir = (takes & KIND_DIRECTORY) != 0;
	const bool stream = e->path == NULL || strcmp(e->path, "-") == 0;
	const bool one =
	    e->o.n == 1 || (takes & (stream ? KIND_STREAMS : KIND_JOINS)) != 0;

	if (e->o.n == 0)
		return DONE; /* and each value was named */
	if (is_dir(e->path))
		return write_dir(e);
	if (!dir && one)
		return write_one(e);
	if (stream)
		return say(USAGE, "%zu files of %s are for a directory: -o DIR",
		    e->o.n, e->kind->name);
	return write_dir(e);
}

static int
export_set(struct export *e, const struct place *p, struct set *s)
{
	int rc = pick(e, p, s);

	if (rc != DONE || s->n == 0)
		return rc;
	e->o.pass = (const char *)e->pass.data;
	rc = e->kind->export(&e->o, s);
	if (rc == DONE)
		rc = write_files(e);
	if (rc == DONE)
		tell_losses(e, s);
	buf_fini(&e->whole);
	kind_output_fini(&e->o);
	return rc;
}

static int export(struct export *e, const char *store)
{
	struct set s = { .n = 0 };
	struct place *p;
	int rc = args_pass(e->pass_file, NULL, NULL, &e->pass);

	if (rc != DONE)
		return rc;
	rc = place_open(store, &p);
	if (rc != DONE)
		return rc;
	rc = place_read(p, e->secrets ? PLACE_ALL : PLACE_PUBLIC, e->tag,
	    e->type, &s);
	if (rc == DONE)
		rc = export_set(e, p, &s);
	set_fini(&s);
	place_close(p);
	return rc;
}

static int
find_eol(const char *name, enum kind_eol *eol)
{
	if (strcmp(name, "lf") == 0)
		*eol = KIND_EOL_LF;
	else if (strcmp(name, "crlf") == 0)
		*eol = KIND_EOL_CRLF;
	else if (strcmp(name, "escaped") == 0)
		*eol = KIND_EOL_ESCAPED;
	else
		return say(USAGE, "--eol wants lf, crlf or escaped");
	return DONE;
}

static int
find_as(const char *name, enum kind_as *as)
{
	if (strcmp(name, "pem") == 0)
		*as = KIND_AS_PEM;
	else if (strcmp(name, "der") == 0)
		*as = KIND_AS_DER;
	else
		return say(USAGE, "--as wants pem or der");
	return DONE;
}

enum { TO = 256, SECRETS, EOL, PASS_FILE, LEGACY, AS, NUL };

static const struct option options[] = {
	{ "to", required_argument, NULL, TO },
	{ "secrets", no_argument, NULL, SECRETS },
	{ "eol", required_argument, NULL, EOL },
	{ "pass-file", required_argument, NULL, PASS_FILE },
	{ "legacy", no_argument, NULL, LEGACY },
	{ "as", required_argument, NULL, AS },
	{ "nul", no_argument, NULL, NUL },
	{ NULL, 0, NULL, 0 },
};

static int
take_option(struct export *e, int option)
{
	switch (option) {
	case TO:
		e->kind = kind_find(optarg);
		return e->kind != NULL ? DONE : USAGE;
	case 'o':
		e->path = optarg;
		break;
	case SECRETS:
		e->secrets = true;
		break;
	case EOL:
		return find_eol(optarg, &e->o.eol);
	case PASS_FILE:
		e->pass_file = optarg;
		break;
	case LEGACY:
		e->o.legacy = true;
		break;
	case AS:
		return find_as(optarg, &e->o.as);
	case NUL:
		e->o.nul = true;
		break;
	default:
		return USAGE;
	}
	return DONE;
}

/* No option is taken and then not used. */
static int
check_options(const struct export *e)
{
	const struct {
		bool given;
		unsigned takes;
		const char *name;
	} rows[] = {
		{ e->o.eol != KIND_EOL_KEEP, KIND_EOL, "--eol" },
		{ e->pass_file != NULL, KIND_OUT_PASS, "--pass-file" },
		{ e->o.legacy, KIND_OUT_PASS, "--legacy" },
		{ e->o.as == KIND_AS_PEM, KIND_AS_P, "--as pem" },
		{ e->o.as == KIND_AS_DER, KIND_AS_D, "--as der" },
		{ e->o.nul, KIND_NUL, "--nul" },
	};

	if (e->kind == NULL)
		return say(USAGE, "export wants --to KIND");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].given && (e->kind->takes & rows[i].takes) == 0)
			return say(USAGE, "%s is not for %s", rows[i].name,
			    e->kind->name);
	}
	if ((e->kind->takes & KIND_OUT_PASS) != 0 && !e->secrets)
		return say(USAGE, "%s has a private key in it: --secrets",
		    e->kind->name);
	return DONE;
}

static int
run(int argc, char **argv)
{
	struct export e = { .tag = -1 };
	int option, rc = DONE;

	while (rc == DONE &&
	    (option = verb_option(argc, argv, "o:", options, NULL)) != -1)
		rc = take_option(&e, option);
	if (rc == DONE && argc == optind)
		rc = say(USAGE, "export: which STORE?");
	if (rc == DONE)
		rc = check_options(&e);
	if (rc == DONE)
		rc = args_filter(argv + optind + 1, argc - optind - 1, &e.tag,
		    &e.type);
	if (rc != DONE)
		return verb_usage("export");
	rc = export(&e, argv[optind]);
	buf_fini(&e.pass);
	return rc;
}

const struct verb verb_export = {
	.name = "export",
	.usage = "export STORE --to KIND [-o FILE|DIR] [TAG|any [TYPE|any]] "
	         "[--secrets] [--eol lf|crlf|escaped] [--pass-file F] "
	         "[--legacy] [--as pem|der] [--nul]",
	.options =
	    "KIND           " KIND_NAMES "\n"
	    "-o FILE|DIR    several values of most kinds are files of a "
	    "directory\n"
	    "--secrets      PK and PSK, too; not to a terminal\n"
	    "--eol          line ends of PEM (pem cmng); escaped is \\n\n"
	    "--pass-file F  the pass phrase of a p12\n"
	    "--legacy       RC2 and 3DES for old readers of p12\n"
	    "--as pem|der   converts (pem der cmng)\n"
	    "--nul          cuts the NUL that import --nul adds (hex base64)\n"
	    "What a kind cannot carry is named on standard error.",
	.examples = "zsock-cred export dev.zcred --to zephyr-shell -o load.txt "
	            "--secrets\n"
	            "zsock-cred export dev.zcred --to inc -o gen/ 42 CA",
	.exits = "0 done, 2 usage, 3 malformed, 4 none there, 5 refused, "
	         "8 process ended, 9 system error",
	.run = run,
};
