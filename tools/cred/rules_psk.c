#include "rules_own.h"

#include <ctype.h>
#include <string.h>

#include "cred/store.h"

/* What Zephyr builds Mbed TLS with by default, and what the others take. */
#define PSK_ZEPHYR 32
#define PSK_OPENSSL 512
#define PSK_ID_OPENSSL 256

/* Bytes, below which a key can be tried out. */
#define PSK_SHORT 16

/* None of these may tell a byte of a key. */

static bool
is_psk(const struct subject *s)
{
	return s->item->type == CRED_PSK && rules_is_seen(s);
}

static bool
is_psk_id(const struct subject *s)
{
	return s->item->type == CRED_PSK_ID && rules_is_seen(s);
}

RULE(e09)
{
	if (s->item->type == CRED_PSK &&
	    rules_partner(r, s, CRED_PSK_ID) == NULL)
		rules_find(r, s, "the PSK_ID is missing");
	else if (s->item->type == CRED_PSK_ID &&
	    rules_partner(r, s, CRED_PSK) == NULL)
		rules_find(r, s, "the PSK is missing");
}

static void
judge_length(struct rules *r, const struct subject *s, const char *what,
    size_t most)
{
	const size_t len = s->item->len;

	if (len == 0)
		rules_find(r, s, "the %s is empty", what);
	else if (most > 0 && len > most)
		rules_find(r, s, "the %s has %zu bytes, %zu are the most%s",
		    what, len, most,
		    r->target == TARGET_ZEPHYR
		        ? " by default, MBEDTLS_PSK_MAX_LEN"
		        : "");
}

RULE(e12)
{
	const bool openssl = r->target == TARGET_OPENSSL;

	if (is_psk(s))
		judge_length(r, s, "PSK",
		    openssl                          ? PSK_OPENSSL
		        : r->target == TARGET_ZEPHYR ? PSK_ZEPHYR
		                                     : 0);
	else if (is_psk_id(s))
		judge_length(r, s, "PSK_ID", openssl ? PSK_ID_OPENSSL : 0);
}

static bool
is_hex(const struct subject *s)
{
	const struct item *i = s->item;

	if (i->len < PSK_SHORT || i->len % 2 != 0)
		return false;
	for (size_t k = 0; k < i->len; k++) {
		if (!isxdigit(i->data[k]))
			return false;
	}
	return true;
}

/* Is it made of one piece, of half its length at most, again and again? */
static bool
repeats(const unsigned char *data, size_t len)
{
	for (size_t piece = 1; piece <= len / 2 && piece <= PSK_SHORT;
	     piece++) {
		if (memcmp(data, data + piece, len - piece) == 0)
			return true;
	}
	return false;
}

RULE(w27)
{
	const struct item *i = s->item;

	if (!is_psk(s) || i->len == 0)
		return;
	if (repeats(i->data, i->len))
		rules_find(r, s, "it repeats itself");
	else if (i->len < PSK_SHORT)
		rules_find(r, s, "%zu bytes", i->len);
	else if (s->facts.form == FORM_TEXT && !is_hex(s))
		rules_find(r, s, "it is text");
}

RULE(w28)
{
	if (is_psk(s) && is_hex(s))
		rules_find(r, s, "%zu of them", s->item->len);
}

RULE(w29)
{
	const struct item *i = s->item;

	if (!is_psk_id(s) || i->len == 0)
		return;
	switch (i->data[i->len - 1]) {
	case '\0':
		rules_find(r, s, "a NUL");
		break;
	case '\n':
		rules_find(r, s, "a line end");
		break;
	default:
		break;
	}
}

RULE(w35)
{
	if (is_psk(s) && s->item->len > 0 && s->item->data[0] == 0)
		rules_find_plain(r, s);
}
