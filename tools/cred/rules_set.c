#include "rules_own.h"

#include "cred/store.h"
#include "cred/types.h"

/* What the shell's buffer of 1,024 characters takes, in base64 and with a NUL. */
#define SHELL_MAX 765

RULE(e02)
{
	for (const struct subject *o = r->subjects; o < s; o++) {
		if (o->store == s->store || o->item->tag != s->item->tag ||
		    o->item->type != s->item->type)
			continue;
		if (o->item->line > 0)
			rules_find(r, s, "it is also in %s:%d", o->store,
			    o->item->line);
		else
			rules_find(r, s, "it is also in %s", o->store);
		return;
	}
}

/* Not its partner, which may be of another tag. */
static const struct subject *
object_of_tag(const struct rules *r, int tag)
{
	for (size_t i = 0; i < r->n; i++) {
		if (r->subjects[i].item->tag == tag &&
		    rules_is_object(&r->subjects[i]))
			return &r->subjects[i];
	}
	return NULL;
}

RULE(w31)
{
	const struct subject *other;

	if (s->item->type != CRED_PSK)
		return;
	other = object_of_tag(r, s->item->tag);
	if (other != NULL)
		rules_find(r, s, "it also has a %s",
		    cred_types_short(other->item->type));
}

RULE(w32)
{
	if (r->max > 0 && r->n > r->max && s == &r->subjects[r->max])
		rules_find(r, s, "%zu, and it holds %zu", r->n, r->max);
}

/*
 * Of the forms that a device takes the shortest: one object is so as DER, and
 * more than one are only PEM.
 */
static size_t
least_length(const struct subject *s)
{
	int len = 0;

	if (s->facts.form != FORM_PEM || !rules_is_object(s))
		return s->item->len;
	if (rules_ncerts(s) == 1)
		len = i2d_X509(rules_cert(s, 0), NULL);
	else if (s->facts.key != NULL)
		len = i2d_PrivateKey(s->facts.key, NULL);
	return len > 0 ? (size_t)len : s->item->len;
}

/* A chain that is to be put right, or text to be taken out, has another length. */
static bool
will_change(const struct rules *r, const struct subject *s)
{
	static const char *const codes[] = { "E16", "W26", "W30" };

	return rules_is_found(r, s, codes, sizeof(codes) / sizeof(codes[0]));
}

/* Of many the largest, which says what the buffer needs. */
static void
find_largest(struct rules *r)
{
	const struct subject *largest = NULL;
	size_t n = 0, most = 0;

	for (size_t i = 0; i < r->n; i++) {
		const struct subject *s = &r->subjects[i];

		if (least_length(s) <= SHELL_MAX || will_change(r, s))
			continue;
		n++;
		if (s->item->len > most) {
			largest = s;
			most = s->item->len;
		}
	}
	if (n == 1)
		rules_find(r, largest, "%zu bytes, %d is the most", most,
		    SHELL_MAX);
	else if (n > 1)
		rules_find(r, largest,
		    "%zu bytes, %d is the most; and %zu more", most, SHELL_MAX,
		    n - 1);
}

RULE(w33)
{
	if (s == r->subjects)
		find_largest(r);
}

static bool
is_same_key(const struct subject *a, const struct subject *b)
{
	if (a->item->type == CRED_PRIVATE_KEY)
		return a->facts.key != NULL && b->facts.key != NULL &&
		    EVP_PKEY_eq(a->facts.key, b->facts.key) == 1;
	return a->item->type == CRED_PSK && item_is_same(a->item, b->item);
}

RULE(w38)
{
	for (const struct subject *o = r->subjects; o < s; o++) {
		if (o->item->type != s->item->type ||
		    o->item->tag == s->item->tag || !is_same_key(o, s))
			continue;
		rules_find(r, s, "tag %d has it too", o->item->tag);
		return;
	}
}

RULE(n40)
{
	static const char *const codes[] = { "E13", "E14", "W20" };

	if (s == rules_first(r, codes, sizeof(codes) / sizeof(codes[0])))
		rules_find_plain(r, s);
}

RULE(n41)
{
	static const char *const codes[] = { "E05", "E06", "E07", "E10", "E11",
		"E12" };

	if (s == rules_first(r, codes, sizeof(codes) / sizeof(codes[0])))
		rules_find_plain(r, s);
}
