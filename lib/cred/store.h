#ifndef CRED_STORE_H
#define CRED_STORE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* The numbers of enum tls_credential_type, which the public edge checks. */
enum cred_type {
	CRED_NONE = 0,
	CRED_CA_CERTIFICATE = 1,
	CRED_CERTIFICATE = 2,
	CRED_PRIVATE_KEY = 3,
	CRED_PSK = 4,
	CRED_PSK_ID = 5,
	CRED_PRIVATE_KEY_PSA = 6,
};

/*
 * One credential.  Immutable once added, so whoever holds a reference reads it
 * without a lock, however often the store changes meanwhile.
 */
struct cred {
	atomic_int refs;
	struct cred *next; /* guarded by the store's lock */
	uint64_t serial;   /* unique in the process: two adds never share one */
	int tag;
	int type;
	size_t len;
	unsigned char data[];
};

/* References to the credentials of several tags, in the order asked for. */
struct cred_set {
	size_t n;
	struct cred *creds[];
};

/*
 * Each call is safe from any thread, takes the store's lock for a moment and
 * returns 0 or a negative errno.
 */

/*
 * Copies data.  -EEXIST: (tag, type) is taken; -ENOMEM: out of memory, or
 * LIMIT_CREDENTIALS are stored, which is logged.
 */
int store_add(int tag, int type, const void *data, size_t len);

/*
 * Copies a credential out; see tls_credential_get.  -ENOENT sets *len to 0,
 * -EFBIG sets it to the room needed.
 */
int store_copy(int tag, int type, void *buf, size_t *len);

/* -ENOENT: nothing is stored there. */
int store_delete(int tag, int type);

/* The tags that have one of type, at most n of them; returns how many. */
size_t store_find(int type, int *tags, size_t n);

/*
 * Collects the credentials of n tags: in list order, and within a tag in the
 * order they were added.  -ENOENT and *missing when a tag has none; -ENOMEM.
 * The caller gives the set back with store_set_put.
 */
int store_collect(const int *tags, size_t n, struct cred_set **set,
    int *missing);
void store_set_put(struct cred_set *set);

/* Hold the store's lock across a fork. */
void store_freeze(void);
void store_thaw(void);

/* "CA certificate", "private key" ...: for messages. */
const char *cred_type_name(int type);

#endif
