#ifndef TOOLS_RULES_BAG_H
#define TOOLS_RULES_BAG_H

#include "support/test.h"

#include <openssl/bio.h>

#include "rules.h"
#include "support/pki.h"

#define DAY_S 86400

/* The credentials of a case, and how they are judged: for Zephyr, now. */
struct bag {
	struct rules rules;
	struct item items[16];
	struct subject subjects[16];
	struct pki p; /* the usual set */
};

void bag_begin(struct bag *b);
void bag_end(struct bag *b);

/* Each puts something in, in line 10, 20 ... of "a.zcred". */
void bag_put(struct bag *b, int tag, int type, const void *data, size_t len);
void bag_put_text(struct bag *b, int tag, int type, const char *text);
/* These two free what they are given; a bio may get a NUL at its end. */
void bag_put_bytes(struct bag *b, int tag, int type, struct pki_bytes bytes);
void bag_put_bio(struct bag *b, int tag, int type, BIO *bio, bool nul);
void bag_put_ca(struct bag *b, int tag, const struct pki_cert *c);
void bag_put_serv(struct bag *b, int tag, const struct pki_cert *c);
void bag_put_key(struct bag *b, int tag, const struct pki_cert *c);
void bag_put_pair(struct bag *b, int tag, const struct pki_cert *c);
/* A certificate and its key in tag 2, of the usual CA unless self is set. */
void bag_put_made(struct bag *b, const struct pki_spec *spec, bool self);
/* One that has signed itself as CA of tag 1. */
void bag_put_made_ca(struct bag *b, const struct pki_spec *spec);
/* As SERV of tag 2. */
void bag_put_chain(struct bag *b, const struct pki_cert *certs, size_t n);

/* All that is good, to have something beside which a rule might fire. */
void bag_good(struct bag *b);
extern const unsigned char bag_psk[16];

/* What is put into the bag, and all codes that come of it. */
struct rules_case {
	const char *name;
	void (*fill)(struct bag *b);
	const char *codes;
};
extern const struct rules_case rules_form_rows[], rules_cert_rows[],
    rules_names_rows[], rules_chain_rows[], rules_set_rows[];
extern const size_t rules_form_count, rules_cert_count, rules_names_count,
    rules_chain_count, rules_set_count;

#endif
