#ifndef CRED_PKI_FILES_H
#define CRED_PKI_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "cred/buf.h"
#include "pki_cases.h"

/* The files of a set, before they are written. */
struct pki_file {
	char name[128]; /* "server.zcred", "bad/sha1-cert.der" */
	struct buf text;
	bool
	    secret; /* a key alone, which is in no file that says "Test-Only" */
};
struct pki_files {
	struct pki_file *files;
	size_t n;
};

/* Forms of single values, beside the bundles. */
#define PKI_FORM_PEM 1u
#define PKI_FORM_DER 2u
#define PKI_FORM_INC 4u

/*
 * All files but the record: the CA, bundles of the cases that are wanted, by
 * their place in pki_cases, the values in other forms, and the index.  False:
 * out of memory, or what OpenSSL's error queue says, and nothing is in out.
 */
bool pki_files_make(const struct pki *p, const bool *wanted, unsigned forms,
    struct pki_files *out);
void pki_files_fini(struct pki_files *f);

/* Could a file of that name be among them, whatever is asked for? */
bool pki_files_is_name(const char *name);

/* For those who make them: takes over text, also on failure. */
bool pki_files_add(struct pki_files *f, struct buf text, bool secret,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The values of a set but those that are in good too, each as base-cert.pem. */
bool pki_forms_add(struct pki_files *f, const char *base, const struct set *s,
    const struct set *good, unsigned forms);
/* Is it what comes behind base in a name that it makes? */
bool pki_forms_is_rest(const char *rest);
/* One value as name.pem, name.der, name.pem.inc. */
bool pki_forms_add_one(struct pki_files *f, const char *name,
    const struct item *i, unsigned forms);

#endif
