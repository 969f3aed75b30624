#include "pki_files.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "cred/bundle_write.h"
#include "cred/store.h"

#define HEAD_MAX 512
#define CHECK_MAX 512

bool
pki_files_add(struct pki_files *f, struct bytes text, bool secret,
    const char *format, ...)
{
	struct pki_file *files;
	va_list args;
	int n;

	/* There are only pointers to what may be secret in it. */
	files = reallocarray(f->files, f->n + 1, sizeof(*files));
	if (files == NULL) {
		bytes_fini(&text);
		return false;
	}
	f->files = files;
	files += f->n++;
	*files = (struct pki_file){ .text = text, .secret = secret };
	va_start(args, format);
	n = vsnprintf(files->name, sizeof(files->name), format, args);
	va_end(args);
	return n > 0 && (size_t)n < sizeof(files->name);
}

void
pki_files_fini(struct pki_files *f)
{
	for (size_t i = 0; i < f->n; i++)
		bytes_fini(&f->files[i].text);
	free(f->files);
	*f = (struct pki_files){ 0 };
}

/* Head and sections in one, with a blank line before each section. */
static bool
join(const char *head, const struct bytes *sections, size_t n,
    struct bytes *out)
{
	size_t len = strlen(head), at = len;

	for (size_t i = 0; i < n; i++)
		len += 1 + sections[i].len;
	out->data = malloc(len);
	if (out->data == NULL)
		return false;
	out->len = len;
	memcpy(out->data, head, at);
	for (size_t i = 0; i < n; i++) {
		out->data[at++] = '\n';
		memcpy(out->data + at, sections[i].data, sections[i].len);
		at += sections[i].len;
	}
	return true;
}

static bool
make_bundle(const struct pki_case *c, const struct set *s, struct bytes *out)
{
	struct bytes sections[PKI_VALUES] = { 0 };
	char head[HEAD_MAX];
	bool good = s->n <= PKI_VALUES;

	snprintf(head, sizeof(head),
	    "zsock-credentials 1\nTest-Only: yes\nNote: %s, %s%s%s\n",
	    pki_role_name(c->role), c->name, c->note[0] != '\0' ? ": " : "",
	    c->note);
	for (size_t i = 0; good && i < s->n; i++) {
		const struct item *it = &s->items[i];

		sections[i].data =
		    (unsigned char *)bundle_write_section(it->tag, it->type,
		        it->data, it->len, &sections[i].len);
		good = sections[i].data != NULL;
	}
	good = good && join(head, sections, s->n, out);
	for (size_t i = 0; i < PKI_VALUES; i++)
		bytes_fini(&sections[i]);
	return good;
}

static bool
add_case(const struct pki *p, const struct pki_case *c, const struct set *good,
    unsigned forms, struct pki_files *f)
{
	struct set s = { .n = 0 };
	struct bytes text;
	bool done;

	if (!pki_case_values(p, c, &s))
		return false;
	done = make_bundle(c, &s, &text) &&
	    pki_files_add(f, text, false, "%s.zcred", c->file) &&
	    (c->role == PKI_BOTH || pki_forms_add(f, c->file, &s, good, forms));
	set_fini(&s);
	return done;
}

/* What the good set of each role has, its own values or the CA it shares. */
static bool
make_good(const struct pki *p, struct set *ca, struct set roles[PKI_BOTH])
{
	for (size_t i = 0; i < pki_ncases; i++) {
		const struct pki_case *c = &pki_cases[i];

		if (c->make == NULL && c->role != PKI_BOTH &&
		    !pki_case_values(p, c, &roles[c->role]))
			return false;
	}
	for (size_t i = 0; i < roles[PKI_SERVER].n; i++) {
		const struct item *it = &roles[PKI_SERVER].items[i];

		if (it->type == CRED_CA_CERTIFICATE)
			return set_add(ca, it->tag, it->type, it->data,
			           it->len) != NULL;
	}
	return false;
}

/* A CA that is somebody's already has its key elsewhere. */
static bool
add_ca(const struct pki *p, const struct set *ca, unsigned forms,
    struct pki_files *f)
{
	struct bytes key;

	if (!pki_forms_add_one(f, "ca", &ca->items[0], forms | PKI_FORM_PEM))
		return false;
	if (p->wants->ca != NULL)
		return true;
	if (!pki_pem_key(p->ca_key, NULL, &key))
		return false;
	key.len--; /* a file of text has no NUL */
	return pki_files_add(f, key, true, "ca.key");
}

/* RFC 4180: with quotes where there is a comma. */
static void
put_row(const struct pki *p, const struct pki_case *c, FILE *out)
{
	char check[CHECK_MAX], note[CHECK_MAX + 256];

	pki_case_check(p, c, check, sizeof(check));
	snprintf(note, sizeof(note), "%s%s%s", c->note,
	    c->note[0] != '\0' ? "; " : "", check);
	fprintf(out, "%s.zcred,%s,%s,%s,%s,%s,", c->file,
	    pki_role_name(c->role), c->name, c->rule != NULL ? c->rule : "-",
	    c->verify != NULL ? c->verify : "-",
	    c->flag != NULL ? c->flag : "-");
	fprintf(out, strchr(note, ',') != NULL ? "\"%s\"\n" : "%s\n", note);
}

static bool
add_index(const struct pki *p, const bool *wanted, struct pki_files *f)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (out == NULL)
		return false;
	fprintf(out,
	    "file,role,case,check_rule,openssl_verify,mbedtls_flag,note\n");
	for (size_t i = 0; i < pki_ncases; i++) {
		if (wanted[i])
			put_row(p, &pki_cases[i], out);
	}
	if (fclose(out) != 0) {
		free(text);
		return false;
	}
	return pki_files_add(f, (struct bytes){ (unsigned char *)text, len },
	    false, "index.csv");
}

bool
pki_files_make(const struct pki *p, const bool *wanted, unsigned forms,
    struct pki_files *out)
{
	static const struct set none;
	struct set ca = { .n = 0 }, roles[PKI_BOTH] = { 0 };
	struct pki_files f = { 0 };
	bool good;

	good = make_good(p, &ca, roles) && add_ca(p, &ca, forms, &f);
	for (size_t i = 0; good && i < pki_ncases; i++) {
		const struct pki_case *c = &pki_cases[i];
		const struct set *like = c->make == NULL ? &ca
		    : c->role < PKI_BOTH                 ? &roles[c->role]
		                                         : &none;

		good = !wanted[i] || add_case(p, c, like, forms, &f);
	}
	good = good && add_index(p, wanted, &f);
	set_fini(&ca);
	for (size_t i = 0; i < PKI_BOTH; i++)
		set_fini(&roles[i]);
	if (good)
		*out = f;
	else
		pki_files_fini(&f);
	return good;
}

bool
pki_files_is_name(const char *name)
{
	if (strcmp(name, "index.csv") == 0 || strcmp(name, "ca.key") == 0)
		return true;
	if (strncmp(name, "ca.", 3) == 0)
		return pki_forms_is_rest(name + 2);
	for (size_t i = 0; i < pki_ncases; i++) {
		const char *file = pki_cases[i].file;
		const size_t len = strlen(file);

		if (strncmp(name, file, len) == 0 &&
		    (strcmp(name + len, ".zcred") == 0 ||
		        pki_forms_is_rest(name + len)))
			return true;
	}
	return false;
}
