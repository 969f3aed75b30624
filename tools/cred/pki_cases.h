#ifndef CRED_PKI_CASES_H
#define CRED_PKI_CASES_H

#include <stdbool.h>
#include <stddef.h>

#include "pki_set.h"
#include "set.h"

/* Whose set it is.  The other side has the good one. */
enum pki_role { PKI_SERVER, PKI_CLIENT, PKI_PSK, PKI_BOTH };
const char *pki_role_name(enum pki_role role);

struct pki_bad;
typedef bool pki_case_make(const struct pki_bad *b);

/* How a certificate differs from the good one; what is 0 does not. */
struct pki_leaf {
	const char *from, *until;
	enum pki_names {
		PKI_NAMES_GOOD,
		PKI_NAMES_OTHER,
		PKI_NAMES_NONE,
		PKI_NAMES_IP,
		PKI_NAMES_WILDCARD,
	} names;
	unsigned use;
	enum pki_issuer {
		PKI_ISSUER_GOOD,
		PKI_ISSUER_SELF,
		PKI_ISSUER_NAMESAKE, /* its name, another key */
	} issuer;
	bool rsa1024, sha1;
};

/* CAs of its own between the root and the certificate. */
#define PKI_LINE_MAX 2
struct pki_line {
	int n;
	const char *first; /* the name of the upper one, */
	bool not_ca, last; /* which is no CA; which allows none below it */
	const char
	    *order; /* of those that are sent, "10": the lower one first */
};

/* A row of the index. */
struct pki_case {
	const char *file; /* "bad/server-expired", without its ending */
	const char *name; /* "expired" */
	enum pki_role role;
	const char *rule;   /* of "check"; NULL: it has nothing to say */
	const char *verify; /* what OpenSSL says; NULL: it is not asked */
	const char *flag;   /* what Mbed TLS says; NULL: it is not asked */
	const char *note;
	pki_case_make *make; /* NULL: it is a good one */
	struct pki_leaf leaf;
	struct pki_line line;
};
extern const struct pki_case pki_cases[];
extern const size_t pki_ncases;

/* "server-expired" of a wrong set; NULL if there is none of that name. */
const struct pki_case *pki_case_find(const char *name, size_t len);

/* Its values, by tag.  False as above. */
bool pki_case_values(const struct pki *p, const struct pki_case *c,
    struct set *out);

/* What is to be given to "check" for it, but for the file. */
void pki_case_check(const struct pki *p, const struct pki_case *c, char *out,
    size_t size);

/* The pass phrase of the key of key-encrypted, which is no secret. */
#define PKI_PASS "zsock"

#endif
