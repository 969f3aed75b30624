#ifndef CRED_PKI_BAD_H
#define CRED_PKI_BAD_H

#include "cred/buf.h"
#include "pki_cases.h"

/* What a set is made of; what it does not have has no data. */
struct pki_values {
	struct buf ca, cert, key, psk, psk_id;
};

/* Of what a wrong one is made, and its values, which are good until then. */
struct pki_bad {
	const struct pki *p;
	const struct pki_case *c;
	struct pki_values *v;
};

/*
 * In place of what is in a buf, as a device stores it: PEM with its final NUL.  A
 * pass phrase encrypts the key, NULL leaves it plain.
 */
bool pki_put_certs(struct buf *b, X509 *const *certs, size_t n);
bool pki_put_key(struct buf *b, EVP_PKEY *key, const char *pass);

/* What a good certificate of that role says. */
void pki_spec_good(const struct pki *p, enum pki_role role, struct pki_spec *s);
/* What a CA says. */
void pki_spec_ca(const struct pki *p, const char *name, struct pki_spec *s);

/* Each makes one thing of good values wrong. */
pki_case_make pki_bad_leaf, pki_bad_line, pki_bad_mismatch, pki_bad_ca_expired,
    pki_bad_no_nul, pki_bad_crlf, pki_bad_truncated, pki_bad_tail,
    pki_bad_encrypted, pki_bad_psk_key, pki_bad_psk_id, pki_bad_psk_nul,
    pki_bad_psk_long;

#endif
