#ifndef CRED_PKI_CASES_H
#define CRED_PKI_CASES_H

#include <stdbool.h>
#include <stddef.h>

#include "pki_make.h"
#include "set.h"

/*
 * A set of credentials for trials, and sets like it of which each has one thing
 * wrong.  A program that is given the wrong one in place of the good one has to
 * notice.
 */
#define PKI_CHAIN_MAX 8
#define PKI_DAY 9        /* bytes of "20240131" */
#define PKI_HOST_MAX 254 /* bytes of a name, its NUL included */

enum pki_tag { PKI_TAG_CA, PKI_TAG_SERVER, PKI_TAG_CLIENT, PKI_TAG_PSK };
#define PKI_TAGS 4

/* What the set is to be like; the texts are the caller's. */
struct pki_wants {
	const char *const *hosts; /* of the server */
	size_t nhosts;
	const char *client; /* common name */
	const char *psk_id;
	enum pki_kind kind; /* of all keys */
	int tags[PKI_TAGS]; /* by enum pki_tag */
	int chain;          /* CAs between the root and the others */
	char from[PKI_DAY], until[PKI_DAY];
	/* A CA that is there already; NULL: one is made. */
	X509 *ca;
	EVP_PKEY *ca_key;
};

#define PKI_PSK_LEN 16
#define PKI_VALUES 7 /* credentials of all roles together */

/* Everything in it is its own but wants. */
struct pki {
	const struct pki_wants *wants;
	char host[PKI_HOST_MAX]; /* what a client expects the server to be */
	X509 *ca, *chain[PKI_CHAIN_MAX], *server, *client;
	EVP_PKEY *ca_key, *chain_key, *server_key, *client_key;
	EVP_PKEY *other_key[2]; /* for CAs of the wrong sets */
	unsigned char psk[PKI_PSK_LEN];
};

/* False: nothing was made, and OpenSSL's error queue says why. */
bool pki_set_init(struct pki *p, const struct pki_wants *wants);
void pki_set_fini(struct pki *p);

/* Whose set it is.  The other side has the good one. */
enum pki_role { PKI_SERVER, PKI_CLIENT, PKI_PSK, PKI_BOTH };
const char *pki_role_name(enum pki_role role);

struct pki_values;
struct pki_case;
typedef bool pki_case_make(const struct pki *p, const struct pki_case *c,
    struct pki_values *v);

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
	bool deep; /* it has more than one CA below the root */
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
