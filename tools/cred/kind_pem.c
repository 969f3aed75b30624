#include "kinds.h"

#include <fnmatch.h>
#include <limits.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "cred/store.h"
#include "encode.h"
#include "facts.h"
#include "kind_key.h"
#include "kind_text.h"

/* One block: from its BEGIN to the line end behind its END. */
struct block {
	const unsigned char *text;
	size_t len;
	int line;
	const char *label;
	size_t label_len;
};

/* The text, and where the next line of it begins. */
struct scan {
	const unsigned char *text;
	size_t len, at;
	int line;
};

/* What was found so far. */
struct found {
	struct buf ca, leaf, key;
	int ca_line, leaf_line, key_line;
	int cert_line; /* of the first, picked or not */
	size_t picked;
	int tag; /* of the next authority, if they are split */
	bool any;
};

static size_t
line_end(const struct scan *s)
{
	const unsigned char *end =
	    memchr(s->text + s->at, '\n', s->len - s->at);

	return end == NULL ? s->len : (size_t)(end - s->text) + 1;
}

/* Is it "-----BEGIN label-----", or END, with blanks at its end or without? */
static bool
has_label(const unsigned char *text, size_t len, const char *lead,
    struct block *b)
{
	const size_t n = strlen(lead);

	while (len > 0 && strchr(" \t\r\n", text[len - 1]) != NULL &&
	    text[len - 1] != '\0')
		len--;
	if (len <= n + 5 || memcmp(text, lead, n) != 0 ||
	    memcmp(text + len - 5, "-----", 5) != 0)
		return false;
	b->label = (const char *)text + n;
	b->label_len = len - n - 5;
	return true;
}

/* From the line behind BEGIN on: goes behind its END. */
static int
read_block(struct kind_input *in, struct scan *s, size_t begin, struct block *b)
{
	struct block end;

	while (s->at < s->len) {
		const unsigned char *line = s->text + s->at;
		const size_t next = line_end(s), len = next - s->at;

		if (has_label(line, len, "-----BEGIN ", &end))
			break;
		s->at = next;
		s->line++;
		if (!has_label(line, len, "-----END ", &end))
			continue;
		if (end.label_len != b->label_len ||
		    memcmp(end.label, b->label, b->label_len) != 0)
			return kind_fail(in, MALFORMED, s->line - 1,
			    "END %.*s does not go with BEGIN %.*s of line %d",
			    (int)end.label_len, end.label, (int)b->label_len,
			    b->label, b->line);
		b->text = s->text + begin;
		b->len = s->at - begin;
		return DONE;
	}
	return kind_fail(in, MALFORMED, b->line,
	    "the block that begins here has no END line");
}

/*
 * Text around blocks is dropped, but not a block that is only nearly one: what
 * was meant to be stored would be missing, and nobody would know.
 */
static int
pass_over(struct kind_input *in, const unsigned char *text, size_t len,
    int line)
{
	static const char begin[] = "-----BEGIN ", end[] = "-----END ";
	struct block b;

	if (memmem(text, len, begin, sizeof(begin) - 1) != NULL)
		return kind_fail(in, MALFORMED, line,
		    "this line has %sin it, and is not the first of a block: "
		    "nothing may be before that or behind its label",
		    begin);
	if (has_label(text, len, end, &b))
		return kind_fail(in, MALFORMED, line,
		    "END %.*s has no BEGIN before it", (int)b.label_len,
		    b.label);
	if (memmem(text, len, end, sizeof(end) - 1) != NULL)
		return kind_fail(in, MALFORMED, line,
		    "this line has %sin it, and ends no block", end);
	return DONE;
}

/* An editor may have begun a file, which then was appended, with this mark. */
static size_t
skip_mark(const unsigned char *text, size_t len)
{
	return len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

/* The next block; *more is false behind the last. */
static int
next_block(struct kind_input *in, struct scan *s, struct block *b, bool *more)
{
	int rc = DONE;

	*more = true;
	while (rc == DONE && s->at < s->len) {
		const size_t next = line_end(s);
		const size_t begin =
		    s->at + skip_mark(s->text + s->at, next - s->at);

		s->at = next;
		b->line = s->line++;
		if (has_label(s->text + begin, next - begin, "-----BEGIN ", b))
			return read_block(in, s, begin, b);
		rc = pass_over(in, s->text + begin, next - begin, b->line);
	}
	if (rc != DONE)
		return rc;
	*more = false;
	return DONE;
}

static bool
label_ends(const struct block *b, const char *tail)
{
	const size_t n = strlen(tail);

	return b->label_len >= n &&
	    memcmp(b->label + b->label_len - n, tail, n) == 0;
}

static bool
label_is(const struct block *b, const char *label)
{
	return b->label_len == strlen(label) && label_ends(b, label);
}

/* Its line ends are its own; the last one may be missing. */
static void
add_block(struct buf *to, const unsigned char *text, size_t len)
{
	buf_add(to, text, len);
	if (len > 0 && text[len - 1] != '\n')
		buf_put(to, '\n');
}

/* Does one that signed itself end the chain? */
static bool
is_anchor(X509 *root, const STACK_OF(X509) * chain)
{
	EVP_PKEY *key = X509_get0_pubkey(root);
	bool is = false;

	if (key == NULL || X509_check_issued(root, root) != X509_V_OK)
		return false;
	for (int i = 0; !is && i < sk_X509_num(chain); i++) {
		X509 *cert = sk_X509_value(chain, i);

		is = X509_check_issued(root, cert) == X509_V_OK &&
		    X509_verify(cert, key) == 1;
	}
	ERR_clear_error();
	return is;
}

static bool
is_picked(const struct kind_input *in, X509 *cert)
{
	char subject[1024];

	if (in->anchor_of != NULL)
		return is_anchor(cert, in->anchor_of);
	if (in->select == NULL)
		return true;
	facts_subject(cert, subject, sizeof(subject));
	return fnmatch(in->select, subject, 0) == 0;
}

/* Each authority has a tag of its own. */
static int
add_split(struct kind_input *in, struct found *f, const struct block *b,
    struct set *out)
{
	struct kind_value v = { .tag = f->tag,
		.type = CRED_CA_CERTIFICATE,
		.line = b->line };
	struct buf one = { .data = NULL };
	int rc;

	if (f->tag < 0)
		return kind_fail(in, LIMIT, b->line,
		    "there is no tag after 2147483647 for it");
	add_block(&one, b->text, b->len);
	buf_put(&one, '\0');
	v.data = one.data;
	v.len = one.len;
	rc = one.failed ? kind_no_memory(in) : kind_add(in, &v, out);
	f->tag = f->tag == INT_MAX ? -1 : f->tag + 1;
	buf_fini(&one);
	return rc;
}

static int
take_cert(struct kind_input *in, struct found *f, const struct block *b,
    struct set *out)
{
	BIO *bio = BIO_new_mem_buf(b->text, (int)b->len);
	X509 *cert = bio == NULL
	    ? NULL
	    : PEM_read_bio_X509(bio, NULL, kind_no_pass, NULL);
	bool picked = false, ca = false;

	BIO_free(bio);
	if (cert == NULL) {
		ERR_clear_error();
		return kind_fail(in, MALFORMED, b->line,
		    "the certificate cannot be decoded");
	}
	picked = is_picked(in, cert);
	ca = in->type == CRED_NONE ? kind_is_ca(cert)
	                           : in->type == CRED_CA_CERTIFICATE;
	X509_free(cert);
	if (f->cert_line == 0)
		f->cert_line = b->line;
	if (!picked)
		return DONE;
	f->picked++;
	if (in->split && ca)
		return add_split(in, f, b, out);
	if ((ca ? f->ca_line : f->leaf_line) == 0)
		*(ca ? &f->ca_line : &f->leaf_line) = b->line;
	add_block(ca ? &f->ca : &f->leaf, b->text, b->len);
	return DONE;
}

static int
take_key(struct kind_input *in, struct found *f, const struct block *b)
{
	const bool encrypted = kind_key_is_encrypted(b->text, b->len);
	EVP_PKEY *key = NULL;
	int rc;

	if (in->select != NULL || in->anchor_of != NULL) {
		remark("line %d: a private key is left out, for certificates "
		       "are picked",
		    b->line);
		return DONE;
	}
	if (f->key_line > 0)
		return kind_fail(in, MALFORMED, b->line,
		    "a second private key, after that of line %d: a tag has "
		    "one",
		    f->key_line);
	rc = kind_key_open(in, b->text, b->len, b->line, &key);
	if (rc != DONE)
		return rc;
	f->key_line = b->line;
	if (encrypted && in->raw)
		rc = kind_fail(in, USAGE, b->line,
		    "--raw keeps what is there, and an encrypted key is of no "
		    "use to a device");
	else if (encrypted && !encode_key_pem(&f->key, key, NULL))
		rc = kind_no_memory(in);
	else if (!encrypted)
		add_block(&f->key, b->text, b->len);
	EVP_PKEY_free(key);
	return rc;
}

static int
take_block(struct kind_input *in, struct found *f, const struct block *b,
    struct set *out)
{
	f->any = true;
	if (label_is(b, PEM_STRING_X509) || label_is(b, PEM_STRING_X509_OLD))
		return take_cert(in, f, b, out);
	if (label_ends(b, "PRIVATE KEY"))
		return take_key(in, f, b);
	if (label_ends(b, "PARAMETERS")) {
		remark("line %d: %.*s are left out, for a key names its own",
		    b->line, (int)b->label_len, b->label);
		return DONE;
	}
	return kind_fail(in, MALFORMED, b->line,
	    "%.*s: no credential is of that kind", (int)b->label_len, b->label);
}

/* What --type says must be so of all. */
static int
check_type(struct kind_input *in, const struct found *f)
{
	const bool cert =
	    in->type == CRED_CA_CERTIFICATE || in->type == CRED_CERTIFICATE;

	if (in->type == CRED_NONE)
		return DONE;
	if (f->key_line > 0 && in->type != CRED_PRIVATE_KEY)
		return kind_fail(in, MALFORMED, f->key_line,
		    "a private key is not of the --type that was said");
	if (f->cert_line > 0 && !cert)
		return kind_fail(in, MALFORMED, f->cert_line,
		    "a certificate is not of the --type that was said");
	return DONE;
}

static int
add_found(struct kind_input *in, int type, struct buf *b, int line,
    struct set *out)
{
	struct kind_value v = { in->tag, type, NULL, 0, line };

	if (line == 0)
		return DONE;
	buf_put(b, '\0');
	if (b->failed)
		return kind_no_memory(in);
	v.data = b->data;
	v.len = b->len;
	return kind_add(in, &v, out);
}

/* The whole text as it is, with what is around its blocks. */
static int
add_raw(struct kind_input *in, const struct found *f, struct set *out)
{
	const int n = (f->ca_line > 0) + (f->leaf_line > 0) + (f->key_line > 0);
	const int type = f->ca_line > 0 ? CRED_CA_CERTIFICATE
	    : f->leaf_line > 0          ? CRED_CERTIFICATE
	                                : CRED_PRIVATE_KEY;
	struct buf b = { .data = NULL };
	int rc;

	if (n > 1)
		return kind_fail(in, USAGE, 0,
		    "--raw keeps a file whole, and this one has values of "
		    "several types");
	buf_add(&b, in->data, kind_pem_length(in->data, in->len));
	rc = add_found(in, type, &b, 1, out);
	buf_fini(&b);
	return rc;
}

static int
add_all(struct kind_input *in, struct found *f, struct set *out)
{
	int rc = check_type(in, f);

	if (rc == DONE && !f->any)
		rc = kind_fail(in, MALFORMED, 0, "no block of PEM is in it");
	if (rc == DONE && f->cert_line > 0 && f->picked == 0 &&
	    f->key_line == 0)
		rc = kind_fail(in, ABSENT, 0, "none of its certificates %s",
		    in->anchor_of != NULL ? "ends that chain"
		                          : "has such a subject");
	if (rc != DONE)
		return rc;
	if (in->raw)
		return add_raw(in, f, out);
	rc = add_found(in, CRED_CA_CERTIFICATE, &f->ca, f->ca_line, out);
	if (rc == DONE)
		rc = add_found(in, CRED_CERTIFICATE, &f->leaf, f->leaf_line,
		    out);
	if (rc == DONE)
		rc = add_found(in, CRED_PRIVATE_KEY, &f->key, f->key_line, out);
	return rc;
}

int
kind_pem_import(struct kind_input *in, struct set *out)
{
	struct scan s = { .text = in->data, .len = in->len, .line = 1 };
	struct found f = { .tag = in->tag };
	struct block b = { .text = NULL };
	bool more = true;
	int rc = DONE;

	/* One that was read out of a device ends with it. */
	if (s.len > 0 && s.text[s.len - 1] == '\0')
		s.len--;
	while (rc == DONE && more) {
		rc = next_block(in, &s, &b, &more);
		if (rc == DONE && more)
			rc = take_block(in, &f, &b, out);
	}
	if (rc == DONE)
		rc = add_all(in, &f, out);
	buf_fini(&f.ca);
	buf_fini(&f.leaf);
	buf_fini(&f.key);
	return rc;
}
