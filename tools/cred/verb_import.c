#include <getopt.h>
#include <limits.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "args.h"
#include "cred/types.h"
#include "kind_key.h"
#include "kinds.h"
#include "place.h"
#include "plan.h"
#include "report.h"
#include "say.h"
#include "verb.h"

struct import {
	const struct kind *kind;
	struct kind_input in; /* of each file, but for its bytes */
	bool one;
	const char *anchor_file, *pass_file, *pass_env, *pass_fd;
	struct buf pass;
	STACK_OF(X509) * anchor_of;
	struct plan plan;
};

static int
push_certs(BIO *bio, STACK_OF(X509) * chain, const char *name)
{
	X509 *cert;
	int reason;

	ERR_clear_error();
	while (
	    (cert = PEM_read_bio_X509(bio, NULL, kind_no_pass, NULL)) != NULL) {
		if (sk_X509_push(chain, cert) > 0)
			continue;
		X509_free(cert);
		return say_no_memory();
	}
	reason = ERR_GET_REASON(ERR_peek_last_error());
	ERR_clear_error();
	/* A chain that is cut short would have another end. */
	if (reason != PEM_R_NO_START_LINE)
		return say(MALFORMED,
		    "%s: certificate %d of it cannot be decoded", name,
		    sk_X509_num(chain) + 1);
	if (sk_X509_num(chain) == 0)
		return say(MALFORMED, "%s: no certificate of PEM is in it",
		    name);
	return DONE;
}

/* All certificates of a file. */
static int
read_chain(const char *name, STACK_OF(X509) * *chain)
{
	struct buf b = { .len = 0 };
	BIO *bio = NULL;
	int rc;

	rc = args_source(name, false, 0, &b);
	if (rc != DONE)
		return rc;
	*chain = sk_X509_new_null();
	bio = BIO_new_mem_buf(b.data, (int)b.len);
	if (*chain == NULL || bio == NULL)
		rc = say_no_memory();
	else
		rc = push_certs(bio, *chain, name);
	BIO_free(bio);
	buf_fini(&b);
	return rc;
}

/* After --split each file begins where the one before it has ended. */
static int
next_tag(struct import *i)
{
	for (size_t at = 0; i->in.split && at < i->plan.wanted.n; at++) {
		if (i->plan.wanted.items[at].tag == INT_MAX)
			return say(LIMIT, "there is no tag after 2147483647");
		if (i->plan.wanted.items[at].tag >= i->in.tag)
			i->in.tag = i->plan.wanted.items[at].tag + 1;
	}
	return DONE;
}

static int
import_file(struct import *i, const char *name)
{
	struct kind_input in;
	struct buf b = { .len = 0 };
	int rc;

	rc = next_tag(i);
	if (rc != DONE)
		return rc;
	in = i->in;
	if ((i->kind->takes & KIND_DIRECTORY) != 0) {
		in.data = (const unsigned char *)name;
		in.len = strlen(name);
	} else {
		rc = args_source(name, true, BUNDLE_SIZE_MAX, &b);
		in.data = b.data;
		in.len = b.len;
	}
	if (rc != DONE)
		return rc;
	rc = i->kind->import(&in, &i->plan.wanted);
	if (rc != DONE)
		rc = (i->kind->takes & KIND_DIRECTORY) != 0
		    ? say(rc, "%s", in.text)
		    : kind_say(&in, rc, name);
	buf_fini(&b);
	return rc;
}

static int
import(struct import *i, const char *store, char **files, int n)
{
	struct place *p;
	int rc = args_pass(i->pass_file, i->pass_env, i->pass_fd, &i->pass);

	i->in.pass = (const char *)i->pass.data;

	if (rc == DONE && i->anchor_file != NULL) {
		rc = read_chain(i->anchor_file, &i->anchor_of);
		i->in.anchor_of = i->anchor_of;
	}
	for (int at = 0; rc == DONE && at < n; at++)
		rc = import_file(i, files[at]);
	if (rc != DONE)
		return rc;
	set_sort(&i->plan.wanted);
	rc = place_open(store, &p);
	if (rc != DONE)
		return rc;
	/* Of what was skipped alone there is nothing to change. */
	if (i->plan.wanted.n > 0 || is_stream(p))
		rc = plan_carry_out(&i->plan, p);
	else
		remark("%s is as it was: nothing was left to import", store);
	place_close(p);
	return rc;
}

enum {
	TAG = 256,
	SPLIT,
	ONE,
	TYPE,
	SYMBOL,
	SELECT,
	ANCHOR_OF,
	PASS_FILE,
	PASS_ENV,
	PASS_FD,
	RAW,
	NUL,
	REPLACE,
	DRY_RUN,
	FROM
};

static const struct option options[] = {
	{ "from", required_argument, NULL, FROM },
	{ "tag", required_argument, NULL, TAG },
	{ "split", no_argument, NULL, SPLIT },
	{ "one", no_argument, NULL, ONE },
	{ "type", required_argument, NULL, TYPE },
	{ "symbol", required_argument, NULL, SYMBOL },
	{ "select", required_argument, NULL, SELECT },
	{ "anchor-of", required_argument, NULL, ANCHOR_OF },
	{ "pass-file", required_argument, NULL, PASS_FILE },
	{ "pass-env", required_argument, NULL, PASS_ENV },
	{ "pass-fd", required_argument, NULL, PASS_FD },
	{ "raw", no_argument, NULL, RAW },
	{ "nul", no_argument, NULL, NUL },
	{ "replace", no_argument, NULL, REPLACE },
	{ "dry-run", no_argument, NULL, DRY_RUN },
	{ NULL, 0, NULL, 0 },
};

/* An option, and what of a kind it is for. */
static int
take_option(struct import *i, int option)
{
	switch (option) {
	case FROM:
		i->kind = kind_find(optarg);
		return i->kind != NULL ? DONE : USAGE;
	case TAG:
		return args_tag(optarg, false, &i->in.tag);
	case TYPE:
		return args_type(optarg, false, &i->in.type);
	case SPLIT:
		i->in.split = true;
		break;
	case ONE:
		i->one = true;
		break;
	case SYMBOL:
		i->in.symbol = optarg;
		break;
	case SELECT:
		i->in.select = optarg;
		break;
	case ANCHOR_OF:
		i->anchor_file = optarg;
		break;
	case PASS_FILE:
		i->pass_file = optarg;
		break;
	case PASS_ENV:
		i->pass_env = optarg;
		break;
	case PASS_FD:
		i->pass_fd = optarg;
		break;
	case RAW:
		i->in.raw = true;
		break;
	case NUL:
		i->in.nul = true;
		break;
	case REPLACE:
		i->plan.replace = true;
		break;
	case DRY_RUN:
		i->plan.dry_run = true;
		break;
	default:
		return USAGE;
	}
	return DONE;
}

/* No option is taken and then not used. */
static int
check_kind(const struct import *i)
{
	const bool pass =
	    i->pass_file != NULL || i->pass_env != NULL || i->pass_fd != NULL;
	const struct {
		bool given;
		unsigned takes;
		const char *name;
	} rows[] = {
		{ i->in.tag >= 0, KIND_TAG, "--tag" },
		{ i->in.type != 0, KIND_TYPE, "--type" },
		{ i->in.split, KIND_CERTS, "--split" },
		{ i->one, KIND_CERTS, "--one" },
		{ i->in.select != NULL, KIND_CERTS, "--select" },
		{ i->anchor_file != NULL, KIND_CERTS, "--anchor-of" },
		{ i->in.symbol != NULL, KIND_SYMBOL, "--symbol" },
		{ pass, KIND_PASS, "--pass-..." },
		{ i->in.raw, KIND_RAW, "--raw" },
		{ i->in.nul, KIND_NUL, "--nul" },
	};

	for (size_t at = 0; at < sizeof(rows) / sizeof(rows[0]); at++) {
		if (rows[at].given && (i->kind->takes & rows[at].takes) == 0)
			return say(USAGE, "%s is not for %s", rows[at].name,
			    i->kind->name);
	}
	if ((i->kind->takes & KIND_TAG) != 0 && i->in.tag < 0)
		return say(USAGE, "%s has no tags of its own: say one by --tag",
		    i->kind->name);
	return DONE;
}

static int
check_options(const struct import *i)
{
	if (i->kind == NULL) {
		(void)say(USAGE, "import wants --from KIND");
		return USAGE;
	}
	if (i->one && i->in.split)
		return say(USAGE, "--one and --split are not for each other");
	if (i->in.select != NULL && i->anchor_file != NULL)
		return say(USAGE,
		    "--select and --anchor-of are not for each other");
	if (i->in.raw &&
	    (i->in.split || i->in.select != NULL || i->anchor_file != NULL))
		return say(USAGE,
		    "--raw keeps a file whole, so nothing is picked from it");
	return check_kind(i);
}

/* Standard input is there once, for one of the files or the pass phrase. */
static int
check_streams(const struct import *i, char **files, int n)
{
	int streams = i->pass_file != NULL && strcmp(i->pass_file, "-") == 0;

	streams += i->anchor_file != NULL && strcmp(i->anchor_file, "-") == 0;
	for (int at = 0; at < n; at++)
		streams += strcmp(files[at], "-") == 0;
	if (streams > 1)
		return say(USAGE, "standard input can be read but once");
	return DONE;
}

static int
run(int argc, char **argv)
{
	struct import i = { .in = { .tag = -1 } };
	int option, rc = DONE;

	while (rc == DONE &&
	    (option = verb_option(argc, argv, "", options, NULL)) != -1)
		rc = take_option(&i, option);
	if (rc == DONE && argc - optind < 2)
		rc = say(USAGE, "import wants STORE --from KIND FILE...");
	if (rc == DONE)
		rc = check_options(&i);
	if (rc == DONE)
		rc = check_streams(&i, argv + optind + 1, argc - optind - 1);
	if (rc != DONE)
		return verb_usage("import");
	rc = import(&i, argv[optind], argv + optind + 1, argc - optind - 1);
	set_fini(&i.plan.wanted);
	sk_X509_pop_free(i.anchor_of, X509_free);
	buf_fini(&i.pass);
	return rc;
}

const struct verb verb_import = {
	.name = "import",
	.usage =
	    "import STORE --from KIND FILE... [--tag N] [--split | --one] "
	    "[--type TYPE] [--symbol NAME] [--select GLOB | --anchor-of "
	    "CHAIN.pem]\n"
	    "                  [--pass-file F | --pass-env NAME | --pass-fd N] "
	    "[--raw] [--nul] [--replace] [--dry-run]",
	.options =
	    "KIND         " KIND_NAMES "\n"
	    "--tag N      for the kinds without tags: all but the last three\n"
	    "--split      an authority each for tags N, N+1, ...; --one: all "
	    "in one\n"
	    "--type TYPE  what it is, if it is no certificate and no key\n"
	    "--symbol     the array or string, if a C file has several\n"
	    "--select     certificates whose subject matches, '*Root X1*'\n"
	    "--anchor-of  roots that end the chain in that file\n"
	    "--pass-...   opens encrypted keys; they are stored plain\n"
	    "--raw        text around PEM stays (pem), no NUL is added (c "
	    "inc cstr)\n"
	    "--nul        a NUL is added, as \"bint\" does (hex base64)\n"
	    "--replace    a held pair gets the new value; --dry-run: print "
	    "only",
	.examples =
	    "zsock-cred import dev.zcred --from pem --tag 42 ca.pem\n"
	    "zsock-cred import dev.zcred --from c --tag 1 --symbol ca_cert "
	    "certs.h",
	.exits = "0 done, 2 usage or several arrays, 3 malformed, 4 none "
	         "there, 5 refused or wrong pass phrase, 6 a pair is held, "
	         "7 too large, 8 process ended, 9 system error",
	.run = run,
};
