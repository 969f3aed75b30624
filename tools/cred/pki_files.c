#include "pki_files.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cred/bundle_write.h"
#include "cred/store.h"
#include "encode.h"

#define CHECK_MAX 512

bool
pki_files_add(struct pki_files *f, struct buf text, bool secret,
    const char *format, ...)
{
	struct pki_file *files;
	va_list args;
	int n;

	if (text.failed) {
		buf_fini(&text);
		return false;
	}
	/* There are only pointers to what may be secret in it. */
	files = reallocarray(f->files, f->n + 1, sizeof(*files));
	if (files == NULL) {
		buf_fini(&text);
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
		buf_fini(&f->files[i].text);
	free(f->files);
	*f = (struct pki_files){ 0 };
}

static bool
make_bundle(const struct pki_case *c, const struct set *s, struct buf *out)
{
	*out = (struct buf){ .len = 0 };
	buf_printf(out,
	    BUNDLE_FIRST_LINE "\nTest-Only: yes\nNote: %s, %s%s%s\n",
	    pki_role_name(c->role), c->name, c->note[0] != '\0' ? ": " : "",
	    c->note);
	for (size_t i = 0; !out->failed && i < s->n; i++) {
		const struct item *it = &s->items[i];

		buf_put(out, '\n');
		if (!bundle_write_section(out, it->tag, it->type, it->data,
		        it->len))
			out->failed = true;
	}
	if (out->failed)
		buf_fini(out);
	return out->data != NULL;
}

static bool
add_case(const struct pki *p, const struct pki_case *c, const struct set *good,
    unsigned forms, struct pki_files *f)
{
	struct set s = { .n = 0 };
	struct buf text;
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
	struct buf key = { .len = 0 };

	if (!pki_forms_add_one(f, "ca", &ca->items[0], forms | PKI_FORM_PEM))
		return false;
	if (p->wants->ca != NULL)
		return true;
	return encode_key_pem(&key, p->ca_key, NULL) &&
	    pki_files_add(f, key, true, "ca.key");
}

/* RFC 4180: with quotes where there is a comma. */
static void
put_row(const struct pki *p, const struct pki_case *c, struct buf *out)
{
	char check[CHECK_MAX], note[CHECK_MAX + 256];

	pki_case_check(p, c, check, sizeof(check));
	snprintf(note, sizeof(note), "%s%s%s", c->note,
	    c->note[0] != '\0' ? "; " : "", check);
	buf_printf(out, "%s.zcred,%s,%s,%s,%s,%s,", c->file,
	    pki_role_name(c->role), c->name, c->rule != NULL ? c->rule : "-",
	    c->verify != NULL ? c->verify : "-",
	    c->flag != NULL ? c->flag : "-");
	buf_printf(out, strchr(note, ',') != NULL ? "\"%s\"\n" : "%s\n", note);
}

static bool
add_index(const struct pki *p, const bool *wanted, struct pki_files *f)
{
	struct buf text = { .len = 0 };

	buf_text(&text,
	    "file,role,case,check_rule,openssl_verify,mbedtls_flag,note\n");
	for (size_t i = 0; i < pki_ncases; i++) {
		if (wanted[i])
			put_row(p, &pki_cases[i], &text);
	}
	return pki_files_add(f, text, false, "index.csv");
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
