#include "generate.h"

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cred/buf.h"
#include "encode.h"
#include "pki_files.h"
#include "say.h"

#define ID_MAX 127 /* bytes; what is wrong with one may be one byte more */

static const char *const local_hosts[] = { "localhost", "127.0.0.1", "::1" };

static const struct {
	const char *name;
	enum pki_kind kind;
} keys[] = {
	{ "p256", PKI_P256 },
	{ "p384", PKI_P384 },
	{ "rsa2048", PKI_RSA2048 },
	{ "rsa3072", PKI_RSA3072 },
};

static const struct {
	const char *name;
	unsigned form;
} forms[] = {
	{ "zcred", 0 }, /* which is there in any case */
	{ "pem", PKI_FORM_PEM },
	{ "der", PKI_FORM_DER },
	{ "inc", PKI_FORM_INC },
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void
want_all(struct generate *g, bool bad)
{
	for (size_t i = 0; i < pki_ncases; i++)
		g->wanted[i] = pki_cases[i].make == NULL || bad;
}

int
generate_init(struct generate *g)
{
	static const int tags[PKI_TAGS] = { 1, 2, 3, 4 };
	const time_t yesterday = time(NULL) - (time_t)24 * 60 * 60;
	struct tm tm;

	*g = (struct generate){ .key = "p256" };
	g->wants.hosts = g->hosts;
	g->wants.client = "zsock-client";
	g->wants.psk_id = "zsock-psk";
	g->wants.kind = PKI_P256;
	memcpy(g->wants.tags, tags, sizeof(tags));
	want_all(g, true);
	snprintf(g->from_text, sizeof(g->from_text), "yesterday");
	snprintf(g->until_text, sizeof(g->until_text), "2049-12-31");
	snprintf(g->wants.until, sizeof(g->wants.until), "20491231");
	if (gmtime_r(&yesterday, &tm) == NULL ||
	    strftime(g->wants.from, PKI_DAY, "%Y%m%d", &tm) != PKI_DAY - 1)
		return say(FAILED, "the clock has no date of four digits");
	return DONE;
}

void
generate_fini(struct generate *g)
{
	X509_free(g->wants.ca);
	EVP_PKEY_free(g->wants.ca_key);
	free(g->arguments);
	*g = (struct generate){ 0 };
}

/* Labels of letters, digits, - and _; the first one may be a *. */
static bool
is_host(const char *text)
{
	const size_t len = strlen(text);
	const char *rest = strncmp(text, "*.", 2) == 0 ? text + 2 : text;

	if (len == 0 || len >= PKI_HOST_MAX - 2 || rest[0] == '\0')
		return false;
	if (pki_is_address(text))
		return true;
	for (const char *p = rest; *p != '\0'; p++) {
		if (*p == '.' && (p == rest || p[-1] == '.' || p[1] == '\0'))
			return false;
		if (!isalnum((unsigned char)*p) && strchr("-_.", *p) == NULL)
			return false;
	}
	return true;
}

int
generate_host(struct generate *g, const char *text)
{
	if (!is_host(text))
		return say(USAGE,
		    "--host \"%s\" is neither a name nor an address", text);
	for (size_t i = 0; i < g->wants.nhosts; i++) {
		if (strcmp(g->hosts[i], text) == 0)
			return say(USAGE, "--host %s is there twice", text);
	}
	if (g->wants.nhosts == GENERATE_HOSTS_MAX)
		return say(LIMIT, "more than %d of --host", GENERATE_HOSTS_MAX);
	g->hosts[g->wants.nhosts++] = text;
	return DONE;
}

/* As it is shown in a line, and as it is typed. */
static int
check_name(const char *option, const char *text, size_t most)
{
	const size_t len = strlen(text);
	bool good = len > 0 && len <= most;

	for (size_t i = 0; good && i < len; i++)
		good = text[i] >= ' ' && text[i] <= '~';
	if (good && text[0] != ' ' && text[len - 1] != ' ')
		return DONE;
	return say(USAGE,
	    "--%s \"%s\": 1 to %zu printable characters of ASCII are wanted",
	    option, text, most);
}

int
generate_client(struct generate *g, const char *text)
{
	g->wants.client = text;
	return check_name("client", text, PKI_NAME_MAX);
}

int
generate_psk(struct generate *g, const char *text)
{
	g->wants.psk_id = text;
	return check_name("psk", text, ID_MAX);
}

int
generate_key(struct generate *g, const char *text)
{
	for (size_t i = 0; i < COUNT(keys); i++) {
		if (strcmp(keys[i].name, text) != 0)
			continue;
		g->key = keys[i].name;
		g->wants.kind = keys[i].kind;
		return DONE;
	}
	return say(USAGE, "--key %s: it is p256, p384, rsa2048 or rsa3072",
	    text);
}

/* Digits up to the end or a comma; false if it is no such number. */
static bool
read_number(const char **text, long most, int *n)
{
	char *end;
	long v;

	if (!isdigit((unsigned char)**text))
		return false;
	v = strtol(*text, &end, 10); /* LONG_MAX if it is too long */
	if (v > most || (*end != '\0' && *end != ','))
		return false;
	*text = end;
	*n = (int)v;
	return true;
}

int
generate_tags(struct generate *g, const char *text)
{
	const char *rest = text;
	int *tags = g->wants.tags;

	for (int i = 0; i < PKI_TAGS; i++) {
		if (!read_number(&rest, INT_MAX, &tags[i]) ||
		    (*rest == ',') != (i < PKI_TAGS - 1))
			return say(USAGE,
			    "--tags %s: four numbers from 0 to 2147483647 are "
			    "wanted, CA,SERVER,CLIENT,PSK",
			    text);
		rest++;
	}
	if (tags[PKI_TAG_SERVER] == tags[PKI_TAG_CLIENT])
		return say(USAGE,
		    "--tags %s: SERVER and CLIENT cannot be one, for "
		    "both.zcred has both",
		    text);
	for (int i = 0; i < PKI_TAG_PSK; i++) {
		if (tags[i] == tags[PKI_TAG_PSK])
			return say(USAGE,
			    "--tags %s: PSK cannot be one with another, for "
			    "what is in a tag is all used",
			    text);
	}
	return DONE;
}

int
generate_chain(struct generate *g, const char *text)
{
	const char *rest = text;

	if (read_number(&rest, PKI_CHAIN_MAX, &g->wants.chain) && *rest == '\0')
		return DONE;
	return say(USAGE, "--chain %s: it is a number from 0 to %d", text,
	    PKI_CHAIN_MAX);
}

/* The next part of a list that commas separate; NULL at its end. */
static const char *
next_part(const char **rest, size_t *len)
{
	const char *part = *rest;

	if (part == NULL)
		return NULL;
	*len = strcspn(part, ",");
	*rest = part[*len] == ',' ? part + *len + 1 : NULL;
	return part;
}

static int
no_case(const char *name, size_t len)
{
	char all[1024] = "";
	size_t at = 0;

	for (size_t i = 0; i < pki_ncases && at < sizeof(all); i++) {
		if (pki_cases[i].make != NULL)
			at += (size_t)snprintf(all + at, sizeof(all) - at,
			    " %s", pki_cases[i].file + strlen("bad/"));
	}
	return say(USAGE, "--bad: there is no case \"%.*s\"; there are%s",
	    (int)len, name, all);
}

int
generate_bad(struct generate *g, const char *text)
{
	const char *rest = text, *part;
	const struct pki_case *c;
	size_t len;

	want_all(g, strcmp(text, "all") == 0);
	if (strcmp(text, "all") == 0 || strcmp(text, "none") == 0)
		return DONE;
	while ((part = next_part(&rest, &len)) != NULL) {
		c = pki_case_find(part, len);
		if (c == NULL)
			return no_case(part, len);
		g->wanted[c - pki_cases] = true;
	}
	return DONE;
}

int
generate_format(struct generate *g, const char *text)
{
	const char *rest = text, *part;
	size_t len, i;

	g->forms = 0;
	while ((part = next_part(&rest, &len)) != NULL) {
		for (i = 0; i < COUNT(forms); i++) {
			if (strlen(forms[i].name) == len &&
			    memcmp(forms[i].name, part, len) == 0)
				break;
		}
		if (i == COUNT(forms))
			return say(USAGE,
			    "--format: \"%.*s\" is none of zcred, pem, der and "
			    "inc",
			    (int)len, part);
		g->forms |= forms[i].form;
	}
	return DONE;
}

/* Of the Gregorian calendar, with which timegm goes on where there is none. */
static bool
is_day(int year, int month, int day)
{
	struct tm tm = { .tm_year = year - 1900,
		.tm_mon = month - 1,
		.tm_mday = day };

	return timegm(&tm) != (time_t)-1 && tm.tm_mon == month - 1 &&
	    tm.tm_mday == day;
}

int
generate_day(const char *option, const char *text, char shown[16],
    char day[PKI_DAY])
{
	static const char form[] = "dddd-dd-dd";
	bool good = strlen(text) == strlen(form);
	int y, m, d;

	for (size_t i = 0; good && i < strlen(form); i++)
		good = form[i] == 'd' ? isdigit((unsigned char)text[i]) != 0
		                      : text[i] == form[i];
	if (!good || sscanf(text, "%4d-%2d-%2d", &y, &m, &d) != 3 ||
	    !is_day(y, m, d))
		return say(USAGE, "--%s %s: a date is wanted, as 2024-01-31",
		    option, text);
	memcpy(shown, text, strlen(text) + 1);
	snprintf(day, PKI_DAY, "%.4s%.2s%.2s", text, text + 5, text + 8);
	return DONE;
}

static void
put_bad(const struct generate *g, FILE *f)
{
	size_t all = 0, n = 0;

	for (size_t i = 0; i < pki_ncases; i++) {
		if (pki_cases[i].make == NULL)
			continue;
		all++;
		n += g->wanted[i];
	}
	if (n == all || n == 0) {
		fprintf(f, "bad %s\n", n == 0 ? "none" : "all");
		return;
	}
	for (size_t i = 0; i < pki_ncases; i++) {
		if (pki_cases[i].make != NULL && g->wanted[i])
			fprintf(f, "bad %s\n",
			    pki_cases[i].file + strlen("bad/"));
	}
}

/* In one order, however they were given. */
static int
write_arguments(struct generate *g)
{
	const struct pki_wants *w = &g->wants;
	char digest[BUNDLE_DIGEST_SIZE];
	struct buf der = { .len = 0 };
	size_t len;
	FILE *f = open_memstream(&g->arguments, &len);

	if (f == NULL)
		return say_no_memory();
	for (size_t i = 0; i < w->nhosts; i++)
		fprintf(f, "host %s\n", w->hosts[i]);
	fprintf(f, "client %s\npsk %s\nkey %s\n", w->client, w->psk_id, g->key);
	fprintf(f, "tags %d,%d,%d,%d\n", w->tags[0], w->tags[1], w->tags[2],
	    w->tags[3]);
	fprintf(f, "chain %d\nfrom %s\nuntil %s\n", w->chain, g->from_text,
	    g->until_text);
	put_bad(g, f);
	for (size_t i = 0; i < COUNT(forms); i++) {
		if (forms[i].form == 0 || (g->forms & forms[i].form) != 0)
			fprintf(f, "format %s\n", forms[i].name);
	}
	if (w->ca != NULL && encode_cert_der(&der, w->ca) &&
	    bundle_digest(der.data, der.len, digest))
		fprintf(f, "ca %s\n", digest);
	buf_fini(&der);
	return fclose(f) == 0 ? DONE : say_no_memory();
}

int
generate_complete(struct generate *g)
{
	int rc;

	if (g->wants.nhosts == 0) {
		memcpy(g->hosts, local_hosts, sizeof(local_hosts));
		g->wants.nhosts = COUNT(local_hosts);
	}
	if (strcmp(g->wants.from, g->wants.until) > 0)
		return say(USAGE, "--from %s is behind --until %s",
		    g->from_text, g->until_text);
	rc = generate_ca(g);
	return rc == DONE ? write_arguments(g) : rc;
}
