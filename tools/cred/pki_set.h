#ifndef CRED_PKI_SET_H
#define CRED_PKI_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "pki_make.h"

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

#endif
