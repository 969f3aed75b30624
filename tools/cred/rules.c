#include "rules_own.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/x509.h>

#include "cred/store.h"

/* Room in steps, for a hostile set may have many findings. */
static bool
make_room(struct rules *r)
{
	const size_t n = r->nfindings;
	struct finding *findings;

	if (n != 0 && (n < 16 || (n & (n - 1)) != 0))
		return true;
	findings =
	    reallocarray(r->findings, n < 16 ? 16 : n * 2, sizeof(*findings));
	if (findings == NULL)
		return false;
	r->findings = findings;
	return true;
}

/* Takes over text. */
static void
push(struct rules *r, const struct subject *s, char *text)
{
	if (text == NULL || !make_room(r)) {
		free(text);
		r->failed = true;
		return;
	}
	r->findings[r->nfindings++] =
	    (struct finding){ .rule = r->rule, .subject = s, .text = text };
}

void
rules_find(struct rules *r, const struct subject *s, const char *detail, ...)
{
	char *text = NULL, *words = NULL;
	va_list ap;

	va_start(ap, detail);
	if (vasprintf(&words, detail, ap) < 0)
		words = NULL;
	va_end(ap);
	if (words == NULL ||
	    asprintf(&text, "%s (%s); %s", r->rule->text, words,
	        r->rule->cure) < 0)
		text = NULL;
	free(words);
	push(r, s, text);
}

void
rules_find_plain(struct rules *r, const struct subject *s)
{
	char *text;

	if (asprintf(&text, "%s; %s", r->rule->text, r->rule->cure) < 0)
		text = NULL;
	push(r, s, text);
}

const struct subject *
rules_first(const struct rules *r, const char *const *codes, size_t n)
{
	const struct subject *first = NULL;

	for (size_t i = 0; i < r->nfindings; i++) {
		const struct finding *f = &r->findings[i];

		for (size_t k = 0; k < n; k++) {
			if (strcmp(f->rule->code, codes[k]) == 0 &&
			    (first == NULL || f->subject < first))
				first = f->subject;
		}
	}
	return first;
}

bool
rules_is_found(const struct rules *r, const struct subject *s,
    const char *const *codes, size_t n)
{
	for (size_t i = 0; i < r->nfindings; i++) {
		const struct finding *f = &r->findings[i];

		for (size_t k = 0; k < n; k++) {
			if (f->subject == s &&
			    strcmp(f->rule->code, codes[k]) == 0)
				return true;
		}
	}
	return false;
}

bool
rules_has_tag(const struct rules *r, int tag)
{
	for (size_t i = 0; i < r->ntags; i++) {
		if (r->tags[i] == tag)
			return true;
	}
	return false;
}

static const struct subject *
find(const struct rules *r, int tag, int type)
{
	for (size_t i = 0; i < r->n; i++) {
		if (r->subjects[i].item->tag == tag &&
		    r->subjects[i].item->type == type)
			return &r->subjects[i];
	}
	return NULL;
}

const struct subject *
rules_partner(const struct rules *r, const struct subject *s, int type)
{
	const struct subject *other = find(r, s->item->tag, type);

	if (other != NULL || !rules_has_tag(r, s->item->tag))
		return other;
	for (size_t i = 0; i < r->ntags && other == NULL; i++)
		other = find(r, r->tags[i], type);
	return other;
}

bool
rules_is_seen(const struct subject *s)
{
	return s->item->data != NULL;
}

bool
rules_is_object(const struct subject *s)
{
	const int type = s->item->type;

	return type == CRED_CA_CERTIFICATE || type == CRED_CERTIFICATE ||
	    type == CRED_PRIVATE_KEY;
}

int
rules_ncerts(const struct subject *s)
{
	const int type = s->item->type;

	if (type != CRED_CA_CERTIFICATE && type != CRED_CERTIFICATE)
		return 0;
	return s->facts.certs != NULL ? sk_X509_num(s->facts.certs) : 0;
}

X509 *
rules_cert(const struct subject *s, int i)
{
	return sk_X509_value(s->facts.certs, i);
}

X509 *
rules_leaf(const struct rules *r, const struct subject *s)
{
	const struct subject *key;

	if (s->item->type != CRED_CERTIFICATE || rules_ncerts(s) == 0)
		return NULL;
	key = rules_partner(r, s, CRED_PRIVATE_KEY);
	for (int i = 0; key != NULL && i < rules_ncerts(s); i++) {
		if (key->facts.key != NULL &&
		    EVP_PKEY_eq(X509_get0_pubkey(rules_cert(s, i)),
		        key->facts.key) == 1)
			return rules_cert(s, i);
	}
	return rules_cert(s, 0);
}

/* By subject, and of one subject by code; no two are equal. */
static int
compare(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;

	if (x->subject != y->subject)
		return x->subject < y->subject ? -1 : 1;
	return strcmp(x->rule->code, y->rule->code);
}

void
rules_run(struct rules *r)
{
	for (size_t i = 0; i < rules_table_size; i++) {
		r->rule = &rules_table[i];
		if ((r->rule->targets & r->target) == 0)
			continue;
		for (size_t k = 0; k < r->n; k++)
			r->rule->run(r, &r->subjects[k]);
		ERR_clear_error();
	}
	if (r->nfindings > 0)
		qsort(r->findings, r->nfindings, sizeof(*r->findings), compare);
}

void
rules_fini(struct rules *r)
{
	for (size_t i = 0; i < r->nfindings; i++)
		free(r->findings[i].text);
	free(r->findings);
	r->findings = NULL;
	r->nfindings = 0;
	X509_STORE_free(r->anchors);
	r->anchors = NULL;
}

size_t
rules_count(const struct rules *r, char severity)
{
	size_t n = 0;

	for (size_t i = 0; i < r->nfindings; i++)
		n += r->findings[i].rule->code[0] == severity;
	return n;
}
