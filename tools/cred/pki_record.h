#ifndef CRED_PKI_RECORD_H
#define CRED_PKI_RECORD_H

#include "cred/bundle.h"
#include "pki_dir.h"

/* The text of a directory's record, and the list of files that is in it. */
struct pki_dir_file {
	char *name;
	char digest[BUNDLE_DIGEST_SIZE];
};

bool pki_record_has(const struct pki_dir_files *l, const char *name);
/* Copies both; false: out of memory. */
bool pki_record_add(struct pki_dir_files *l, const char *name,
    const char *digest);
void pki_record_fini(struct pki_dir_files *l);

/*
 * Into made, done, arguments and old of d.  NULL is of no record.  Returns an
 * outcome, and has said why unless it is DONE.
 */
int pki_record_read(struct pki_dir *d, const char *text, size_t len);

/* A text that the caller frees; NULL: out of memory. */
char *pki_record_write(const struct pki_dir *d, const char *arguments,
    bool done, size_t *len);

#endif
