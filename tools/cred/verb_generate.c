#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "generate.h"
#include "pki_dir.h"
#include "pki_files.h"
#include "say.h"
#include "verb.h"

enum {
	OPTION_HOST = 256,
	OPTION_CLIENT,
	OPTION_PSK,
	OPTION_KEY,
	OPTION_TAGS,
	OPTION_CHAIN,
	OPTION_FROM,
	OPTION_UNTIL,
	OPTION_BAD,
	OPTION_CA,
	OPTION_CA_KEY,
	OPTION_FORMAT,
	OPTION_FORCE,
};

static const struct option options[] = {
	{ "host", required_argument, NULL, OPTION_HOST },
	{ "client", required_argument, NULL, OPTION_CLIENT },
	{ "psk", required_argument, NULL, OPTION_PSK },
	{ "key", required_argument, NULL, OPTION_KEY },
	{ "tags", required_argument, NULL, OPTION_TAGS },
	{ "chain", required_argument, NULL, OPTION_CHAIN },
	{ "from", required_argument, NULL, OPTION_FROM },
	{ "until", required_argument, NULL, OPTION_UNTIL },
	{ "bad", required_argument, NULL, OPTION_BAD },
	{ "ca", required_argument, NULL, OPTION_CA },
	{ "ca-key", required_argument, NULL, OPTION_CA_KEY },
	{ "format", required_argument, NULL, OPTION_FORMAT },
	{ "force", no_argument, NULL, OPTION_FORCE },
	{ NULL, 0, NULL, 0 },
};

static int
take_option(struct generate *g, int option)
{
	switch (option) {
	case OPTION_HOST:
		return generate_host(g, optarg);
	case OPTION_CLIENT:
		return generate_client(g, optarg);
	case OPTION_PSK:
		return generate_psk(g, optarg);
	case OPTION_KEY:
		return generate_key(g, optarg);
	case OPTION_TAGS:
		return generate_tags(g, optarg);
	case OPTION_CHAIN:
		return generate_chain(g, optarg);
	case OPTION_FROM:
		return generate_day("from", optarg, g->from_text,
		    g->wants.from);
	case OPTION_UNTIL:
		return generate_day("until", optarg, g->until_text,
		    g->wants.until);
	case OPTION_BAD:
		return generate_bad(g, optarg);
	case OPTION_CA:
		g->ca_file = optarg;
		return DONE;
	case OPTION_CA_KEY:
		g->ca_key_file = optarg;
		return DONE;
	case OPTION_FORMAT:
		return generate_format(g, optarg);
	case OPTION_FORCE:
		g->force = true;
		return DONE;
	default:
		return verb_usage("generate");
	}
}

static int
take_arguments(struct generate *g, int argc, char **argv)
{
	int option, rc = DONE;

	while (rc == DONE &&
	    (option = verb_option(argc, argv, "", options, NULL)) != -1)
		rc = take_option(g, option);
	if (rc != DONE)
		return rc;
	if (argc - optind != 1 || argv[optind][0] == '\0')
		return verb_usage("generate");
	g->dir = argv[optind];
	return generate_complete(g);
}

/* Each line of one that is not in the other is said. */
static bool
has_line(const char *text, const char *line, size_t len)
{
	while (*text != '\0') {
		const size_t n = strcspn(text, "\n");

		if (n == len && memcmp(text, line, n) == 0)
			return true;
		text += n + (text[n] == '\n');
	}
	return false;
}

static void
tell_lines(const struct generate *g, const char *from, const char *other,
    const char *words)
{
	while (*from != '\0') {
		const size_t n = strcspn(from, "\n");

		if (!has_line(other, from, n))
			(void)say(CONFLICT, "%s %s --%.*s", g->dir, words,
			    (int)n, from);
		from += n + (from[n] == '\n');
	}
}

/* DONE: there is nothing to do, or all of it; *todo says which. */
static int
compare_record(const struct generate *g, const struct pki_dir *d, bool *todo)
{
	*todo = g->force || !d->done;
	if (*todo)
		return DONE;
	if (strcmp(d->arguments, g->arguments) == 0) {
		const int rc = pki_dir_whole(d);

		if (rc == DONE)
			remark("%s is as these arguments made it; --force "
			       "makes all of it anew",
			    g->dir);
		return rc;
	}
	tell_lines(g, d->arguments, g->arguments, "was made with");
	tell_lines(g, g->arguments, d->arguments, "should now be made with");
	return say(CONFLICT, "--force makes all of it anew, with new keys");
}

static int
write_files(const struct generate *g, struct pki_dir *d,
    const struct pki_files *f)
{
	int rc = DONE;

	for (size_t i = 0; rc == DONE && i < f->n; i++)
		rc = pki_dir_plan(d, f->files[i].name, f->files[i].text.data,
		    f->files[i].text.len);
	if (rc == DONE)
		rc = pki_dir_begin(d, g->arguments);
	for (size_t i = 0; rc == DONE && i < f->n; i++)
		rc = pki_dir_put(d, f->files[i].name, f->files[i].text.data,
		    f->files[i].text.len, f->files[i].secret);
	return rc == DONE ? pki_dir_end(d, g->arguments) : rc;
}

static int
openssl_failed(void)
{
	char text[256];

	ERR_error_string_n(ERR_peek_last_error(), text, sizeof(text));
	return say(FAILED, "OpenSSL cannot make the set: %s", text);
}

/* Words, and so on standard error. */
static void
tell(const struct generate *g, const struct pki *p)
{
	const int *tags = g->wants.tags;
	size_t bad = 0;

	for (size_t i = 0; i < pki_ncases; i++)
		bad += g->wanted[i] && pki_cases[i].make != NULL;
	remark("%s/", g->dir);
	if (g->wants.ca == NULL)
		remark("  ca.pem, ca.key  the CA; its key signs more of them");
	else
		remark("  ca.pem          the CA, of %s", g->ca_file);
	remark("  server.zcred    sec_tag %d, its clients' CA in sec_tag %d",
	    tags[PKI_TAG_SERVER], tags[PKI_TAG_CA]);
	remark("  client.zcred    the server's CA in sec_tag %d, its own in "
	       "sec_tag %d",
	    tags[PKI_TAG_CA], tags[PKI_TAG_CLIENT]);
	remark("  psk.zcred       sec_tag %d, for both ends",
	    tags[PKI_TAG_PSK]);
	remark("  both.zcred      all of these");
	if (bad > 0)
		remark("  bad/            %zu set%s with one thing wrong each; "
		       "index.csv says what",
		    bad, bad == 1 ? "" : "s");
	remark("next:");
	remark("  zsock-cred check --host %s %s/server.zcred", p->host, g->dir);
	remark("  ZSOCK_CREDENTIALS=%s/server.zcred SERVER", g->dir);
	remark("  ZSOCK_CREDENTIALS=%s/client.zcred CLIENT", g->dir);
}

static int
make_all(struct generate *g, struct pki_dir *d)
{
	struct pki_files files;
	struct pki p;
	int rc;

	if (!pki_set_init(&p, &g->wants))
		return openssl_failed();
	if (!pki_files_make(&p, g->wanted, g->forms, &files)) {
		pki_set_fini(&p);
		return openssl_failed();
	}
	rc = write_files(g, d, &files);
	pki_files_fini(&files);
	if (rc == DONE)
		tell(g, &p);
	pki_set_fini(&p);
	return rc;
}

static int
run(int argc, char **argv)
{
	struct generate g;
	struct pki_dir d;
	bool todo = false;
	int rc;

	rc = generate_init(&g);
	if (rc == DONE)
		rc = take_arguments(&g, argc, argv);
	if (rc == DONE)
		rc = pki_dir_open(g.dir, &d);
	if (rc == DONE) {
		rc = compare_record(&g, &d, &todo);
		if (rc == DONE && todo)
			rc = make_all(&g, &d);
		pki_dir_close(&d);
	}
	generate_fini(&g);
	return rc;
}

const struct verb verb_generate = {
	.name = "generate",
	.usage = "generate DIR [--host NAME]... [--client NAME] [--psk ID] "
	         "[--key p256|p384|rsa2048|rsa3072] "
	         "[--tags CA,SERVER,CLIENT,PSK] [--chain N]\n"
	         "                  [--from DATE] [--until DATE] "
	         "[--bad all|none|CASE,..] [--ca CERT --ca-key KEY] "
	         "[--format zcred,pem,der,inc] [--force]",
	.options =
	    "--host NAME     name or address of the server (localhost, "
	    "127.0.0.1, ::1)\n"
	    "--client NAME   common name of the client (zsock-client)\n"
	    "--psk ID        identity of the pre-shared key (zsock-psk)\n"
	    "--key KIND      of all keys (p256)\n"
	    "--tags N,N,N,N  sec_tags of CA, server, client and PSK "
	    "(1,2,3,4)\n"
	    "--chain N       CAs between the root and both ends (0)\n"
	    "--from, --until DATE  as 2024-01-31, both days included "
	    "(yesterday, 2049-12-31)\n"
	    "--bad CASE,..   sets with one thing wrong, as in index.csv "
	    "(all)\n"
	    "--ca, --ca-key  a CA that is there, PEM or DER (one is made)\n"
	    "--format LIST   also single files: pem, der, inc; bundles, "
	    "zcred, in any case\n"
	    "--force         new keys, where generate has made some before\n",
	.examples =
	    "zsock-cred generate pki\n"
	    "zsock-cred generate pki --host dev.test --key rsa2048 --bad none "
	    "--format zcred,pem\n",
	.exits =
	    "0 made, or there as these arguments made it, 2 usage, 3 CA or its "
	    "key malformed, 4 no such file, 5 no access, 6 made with other "
	    "arguments, or files of others, 7 too many hosts, 9 system error",
	.run = run,
};
