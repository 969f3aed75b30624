#ifndef CRED_STORE_H
#define CRED_STORE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cred/op.h"

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

/* Who has put a credential there. */
enum cred_origin { CRED_FROM_API, CRED_FROM_ENV, CRED_FROM_CTL };

/*
 * One credential.  Immutable once added, so whoever holds a reference reads it
 * without a lock, however often the store changes meanwhile.
 */
struct cred {
	atomic_int refs;
	uint64_t serial; /* unique in the process: two values never share one */
	int tag;
	int type;
	enum cred_origin origin;
	bool override; /* the program's own add of this pair changes nothing */
	/* What tls_credential_add was given, which is no longer looked at. */
	const void *lent;
	atomic_bool lent_told; /* that it has changed was said */
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
 * What the program adds; data are copied.  -EEXIST: (tag, type) is taken;
 * -ENOMEM: out of memory, or LIMIT_CREDENTIALS are stored, which is logged.
 * Where the pair is a decree, its value stays as it is, which is logged once,
 * and the answer is 0.
 */
int store_add(int tag, int type, const void *data, size_t len);

/*
 * Copies a credential out; see tls_credential_get.  -ENOENT sets *len to 0,
 * -EFBIG sets it to the room needed.
 */
int store_copy(int tag, int type, void *buf, size_t *len);

/*
 * What the program deletes.  -ENOENT: nothing is stored there.  A decree is out
 * of sight until the program adds the pair again.
 */
int store_delete(int tag, int type);

/* The tags that have one of type, at most n of them; returns how many. */
size_t store_find(int type, int *tags, size_t n);

/*
 * Collects the credentials of n tags: in list order, and within a tag in the
 * order they were added.  -ENOENT and *missing when a tag has none; -ENOMEM.
 * The caller gives the set back with store_set_put.  A warning says, once, of
 * which credential the program has changed its own buffer since it was added.
 */
int store_collect(const int *tags, size_t n, struct cred_set **set,
    int *missing);
void store_set_put(struct cred_set *set);

/*
 * How several changes are made: all at one moment, or none.  With override the
 * pairs are a decree from then on, as those are that were one before;
 * if_generation refuses a store that has changed since it had that generation.
 * deeds, unless NULL, has room for what each change has done, if all are made.
 */
struct store_change {
	enum cred_origin origin;
	bool override;
	bool dry_run;
	bool if_generation;
	uint64_t generation;
	enum cred_deed *deeds;
};

/*
 * Each change finds what those before it have done, and LIMIT_CREDENTIALS
 * counts what is there after the last.  A value replaced keeps its place.
 * Returns 0; or, with nothing done and the index of the change in *failed,
 * -EEXIST or -ENOENT as the op says, -ENOMEM (LIMIT_CREDENTIALS; *failed is n
 * when out of memory), -ESTALE (the generation; *failed is n).  *generation is
 * the store's, now, whatever is returned.
 */
int store_apply(const struct cred_op *ops, size_t n,
    const struct store_change *how, struct cred_op_count *count,
    uint64_t *generation, size_t *failed);

/*
 * Called without the store's lock for each pair that store_apply has changed.
 * Set once, before main.
 */
void store_watch(void (*changed)(int tag, int type));

/*
 * All that is held, by tag and within one as they were added, with references;
 * the caller gives the set back.  -ENOMEM.  The generation is 1 at first, and
 * changes with every change of the store, and never comes back.
 */
int store_list(struct cred_set **set, uint64_t *generation);

/* Hold the store's lock across a fork. */
void store_freeze(void);
void store_thaw(void);

/* "CA certificate", "private key" ...: for messages. */
const char *cred_type_name(int type);

#endif
