#ifndef CRED_PKI_BAD_H
#define CRED_PKI_BAD_H

#include "pki_cases.h"

/* What a set is made of; what it does not have has no data. */
struct pki_values {
	struct bytes ca, cert, key, psk, psk_id;
};
void pki_values_fini(struct pki_values *v);

/* Those of a good set of one role. */
bool pki_values_good(const struct pki *p, enum pki_role role,
    struct pki_values *v);

/* What a good certificate of that role says. */
void pki_spec_good(const struct pki *p, enum pki_role role, struct pki_spec *s);
/* What a CA says. */
void pki_spec_ca(const struct pki *p, const char *name, struct pki_spec *s);

/* Each makes one thing of good values wrong. */
pki_case_make pki_bad_leaf, pki_bad_no_intermediate, pki_bad_reversed,
    pki_bad_not_ca, pki_bad_pathlen, pki_bad_mismatch, pki_bad_ca_expired,
    pki_bad_no_nul, pki_bad_crlf, pki_bad_truncated, pki_bad_tail,
    pki_bad_encrypted, pki_bad_psk_key, pki_bad_psk_id, pki_bad_psk_nul,
    pki_bad_psk_long;

#endif
