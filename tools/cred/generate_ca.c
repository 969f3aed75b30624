#include <limits.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "args.h"
#include "generate.h"
#include "kind_key.h"
#include "say.h"

/* Nobody is asked for a pass phrase. */
static int
no_pass(char *buf, int size, int rwflag, void *asked)
{
	(void)buf;
	(void)size;
	(void)rwflag;
	*(bool *)asked = true;
	return -1;
}

static X509 *
parse_cert(const struct buf *b)
{
	const unsigned char *der = b->data;
	BIO *bio = BIO_new_mem_buf(b->data, (int)b->len);
	X509 *x;

	if (bio == NULL)
		return NULL;
	x = PEM_read_bio_X509(bio, NULL, kind_no_pass, NULL);
	BIO_free(bio);
	return x != NULL ? x : d2i_X509(NULL, &der, (long)b->len);
}

static EVP_PKEY *
parse_key(const struct buf *b, bool *encrypted)
{
	const unsigned char *der = b->data;
	BIO *bio = BIO_new_mem_buf(b->data, (int)b->len);
	EVP_PKEY *key;

	if (bio == NULL)
		return NULL;
	key = PEM_read_bio_PrivateKey(bio, NULL, no_pass, encrypted);
	BIO_free(bio);
	if (key != NULL || *encrypted)
		return key;
	return d2i_AutoPrivateKey(NULL, &der, (long)b->len);
}

static int
read_cert(struct generate *g)
{
	struct buf b;
	int rc;

	rc = args_source(g->ca_file, false, 0, &b);
	if (rc != DONE)
		return rc;
	g->wants.ca = parse_cert(&b);
	buf_fini(&b);
	ERR_clear_error();
	if (g->wants.ca == NULL)
		return say(MALFORMED, "%s: no certificate, PEM or DER",
		    g->ca_file);
	if (X509_check_ca(g->wants.ca) != 1)
		return say(MALFORMED,
		    "%s: it is no certificate of a CA: it has no CA:TRUE, or a "
		    "keyUsage without keyCertSign",
		    g->ca_file);
	return DONE;
}

static int
read_key(struct generate *g)
{
	bool encrypted = false;
	struct buf b;
	int rc;

	rc = args_source(g->ca_key_file, true, 0, &b);
	if (rc != DONE)
		return rc;
	g->wants.ca_key = parse_key(&b, &encrypted);
	buf_fini(&b);
	ERR_clear_error();
	if (encrypted)
		return say(MALFORMED,
		    "%s: the key is encrypted; \"openssl pkey -in %s\" makes a "
		    "plain one of it",
		    g->ca_key_file, g->ca_key_file);
	if (g->wants.ca_key == NULL)
		return say(MALFORMED, "%s: no private key, PEM or DER",
		    g->ca_key_file);
	return DONE;
}

static bool
wants_sha1(const struct generate *g)
{
	for (size_t i = 0; i < pki_ncases; i++) {
		if (g->wanted[i] && pki_cases[i].leaf.sha1)
			return true;
	}
	return false;
}

/* Some have CAs of their own below the root. */
static int
deepest(const struct generate *g)
{
	int most = g->wants.chain;

	for (size_t i = 0; i < pki_ncases; i++) {
		if (g->wanted[i] && pki_cases[i].line.n > 1 &&
		    pki_cases[i].line.n > most)
			most = pki_cases[i].line.n;
	}
	return most;
}

/* What it could not sign, or nobody would believe. */
static int
check_fit(const struct generate *g)
{
	const long most = X509_get_pathlen(g->wants.ca);

	if (X509_check_private_key(g->wants.ca, g->wants.ca_key) != 1) {
		ERR_clear_error();
		return say(MALFORMED, "%s does not belong to %s",
		    g->ca_key_file, g->ca_file);
	}
	if (most >= 0 && most < deepest(g))
		return say(USAGE,
		    "%s allows %ld CAs below it, and %d are wanted: give a "
		    "smaller --chain, or --bad without the cases of chains",
		    g->ca_file, most, deepest(g));
	/* Keys like Ed25519's have one digest, and that is not SHA-1. */
	if (wants_sha1(g) && g->wants.chain == 0 &&
	    pki_key_has_digest(g->wants.ca_key))
		return say(USAGE,
		    "%s: such a key cannot sign with SHA-1: give --bad without "
		    "sha1, or --chain 1",
		    g->ca_key_file);
	return DONE;
}

int
generate_ca(struct generate *g)
{
	int rc;

	if (g->ca_file == NULL && g->ca_key_file == NULL)
		return DONE;
	if (g->ca_file == NULL || g->ca_key_file == NULL)
		return say(USAGE, "--ca and --ca-key are given together");
	rc = read_cert(g);
	if (rc == DONE)
		rc = read_key(g);
	return rc == DONE ? check_fit(g) : rc;
}
