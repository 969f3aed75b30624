#ifndef TLS_DGRAM_BIO_H
#define TLS_DGRAM_BIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/bio.h>

#include "tls/dgram_record.h"

/*
 * A BIO of whole datagrams in memory, for an SSL of DTLS, whose records may not
 * be torn or joined: what the SSL writes is queued for its owner, and what it
 * reads is one datagram that the owner lends.  Not thread-safe.
 */

/* NULL when out of memory. */
BIO *dgram_bio_new(void);

/*
 * The next datagram for the SSL; it stays the caller's, and has to be there
 * until it was read or another one, or NULL, is lent.
 */
void dgram_bio_lend(BIO *bio, const void *data, size_t len);

/* What does not keep the rule is not read; at first it is that of all zeros. */
void dgram_bio_set_rule(BIO *bio, const struct dgram_rule *rule);

/* Is one lent that was not read yet? */
bool dgram_bio_lent(const BIO *bio);

/* Did the one that was read last have one record only, of those it gave? */
bool dgram_bio_gave_one(const BIO *bio);

/*
 * The oldest datagram that waits to leave: its length, 0 if there is none.
 * *data is valid until the SSL writes the next one.
 */
size_t dgram_bio_first(const BIO *bio, const void **data);
void dgram_bio_drop(BIO *bio);

/* Gives back memory that an empty queue has. */
void dgram_bio_trim(BIO *bio);

/*
 * The first record that is written from here on has at least this number, and
 * those after it more: RFC 6347, 4.2.1 wants the ServerHello to have the
 * ClientHello's.  Unencrypted records alone, for nothing proves their number.
 */
void dgram_bio_number_from(BIO *bio, uint64_t number);

/*
 * Records without a key are read under numbers in the order in which they come,
 * from this one on, but not what is only peeked at.  Nothing proves their own,
 * and one that is far ahead would make a replay of all that follow; a message
 * that comes again is told by its own, inside the record.
 */
void dgram_bio_order(BIO *bio, uint64_t number);

#endif
