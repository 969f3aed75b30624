#ifndef TLS_DGRAM_RECORD_H
#define TLS_DGRAM_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What can be read in a datagram of DTLS without a key (RFC 6347, 4). */

#define DGRAM_RANDOM_SIZE 32

/* The header of one record. */
struct dgram_record {
	int type; /* 22 is a handshake's, 23 has data */
	int version;
	unsigned epoch;
	uint64_t number;
	size_t len; /* bytes of it, its header included */
};

#define DGRAM_RECORD_HEADER 13

/* False if data does not begin with a whole record. */
bool dgram_record_read(const void *data, size_t len, struct dgram_record *r);

/*
 * What records have to be, beside those without a key, which are in whole
 * fragments of messages, alerts or ChangeCipherSpec.  Of others OpenSSL lets
 * some end the connection, and of some it takes what is in them for records
 * again, though anybody can have sent them.
 */
struct dgram_rule {
	bool secret;        /* none without a key is of use any more */
	int version;        /* of those with a key: 0xfefd, or 0 for any */
	size_t least, most; /* bytes of theirs, without the header */
};

/*
 * Takes those out of data that do not keep the rule, and what is no whole
 * record; how many bytes are left, and of how many records.
 */
size_t dgram_record_filter(void *data, size_t len,
    const struct dgram_rule *rule, size_t *records);

/* Gives the record at data, which is whole, another number. */
void dgram_record_renumber(void *data, uint64_t number);

/*
 * Is it an unencrypted ClientHello, or its first part, of a number that is not
 * near its end?  *number is its
 * record's, random what tells it from another client's.
 */
bool dgram_record_is_hello(const void *data, size_t len, uint64_t *number,
    unsigned char random[DGRAM_RANDOM_SIZE]);

#endif
