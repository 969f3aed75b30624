#include "tls/dgram_record.h"

#include <string.h>

enum type { CHANGE_CIPHER_SPEC = 20, ALERT = 21, HANDSHAKE = 22 };

#define CLIENT_HELLO 1

/* DTLS 1.0 is 254.255, 1.2 is 254.253: versions are counted downwards. */
#define MAJOR 254

/* Type, length, sequence, offset and length of the fragment. */
#define MESSAGE_HEADER 12

/* The answer has its number, and what follows that has to have higher ones. */
#define HELLO_NUMBER_MAX (UINT64_C(1) << 47)

static uint64_t
big_endian(const unsigned char *p, int n)
{
	uint64_t v = 0;

	while (n-- > 0)
		v = v << 8 | *p++;
	return v;
}

bool
dgram_record_read(const void *data, size_t len, struct dgram_record *r)
{
	const unsigned char *p = data;
	size_t n;

	if (len < DGRAM_RECORD_HEADER || p[1] != MAJOR)
		return false;
	n = DGRAM_RECORD_HEADER + (size_t)big_endian(p + 11, 2);
	if (n > len)
		return false;
	*r = (struct dgram_record){ .type = p[0],
		.version = (int)big_endian(p + 1, 2),
		.epoch = (unsigned)big_endian(p + 3, 2),
		.number = big_endian(p + 5, 6),
		.len = n };
	return true;
}

/* Fragments of messages, each of them whole and inside its message. */
static bool
has_fragments(const unsigned char *p, size_t len)
{
	while (len >= MESSAGE_HEADER) {
		const uint64_t message = big_endian(p + 1, 3);
		const uint64_t offset = big_endian(p + 6, 3);
		const uint64_t n = big_endian(p + 9, 3);

		if (n > len - MESSAGE_HEADER || offset + n > message ||
		    (n == 0 && message > 0))
			return false;
		p += MESSAGE_HEADER + n;
		len -= MESSAGE_HEADER + (size_t)n;
		if (len == 0)
			return true;
	}
	return false;
}

/* Could a peer that keeps to the protocol have sent it without a key? */
static bool
is_plausible(const unsigned char *p, const struct dgram_record *r)
{
	const size_t len = r->len - DGRAM_RECORD_HEADER;

	switch (r->type) {
	case CHANGE_CIPHER_SPEC:
		return len == 1 && p[DGRAM_RECORD_HEADER] == 1;
	case ALERT:
		return len == 2;
	case HANDSHAKE:
		return has_fragments(p + DGRAM_RECORD_HEADER, len);
	default:
		return false;
	}
}

static bool
keeps(const unsigned char *p, const struct dgram_record *r,
    const struct dgram_rule *rule)
{
	const size_t len = r->len - DGRAM_RECORD_HEADER;

	if (r->epoch == 0)
		return !rule->secret && is_plausible(p, r);
	return (rule->version == 0 || r->version == rule->version) &&
	    len >= rule->least && len <= rule->most;
}

size_t
dgram_record_filter(void *data, size_t len, const struct dgram_rule *rule,
    size_t *records)
{
	unsigned char *p = data;
	struct dgram_record r;
	size_t done = 0;

	*records = 0;
	while (dgram_record_read(p + done, len - done, &r)) {
		if (keeps(p + done, &r, rule)) {
			done += r.len;
			++*records;
			continue;
		}
		len -= r.len;
		memmove(p + done, p + done + r.len, len - done);
	}
	return done;
}

void
dgram_record_renumber(void *data, uint64_t number)
{
	unsigned char *p = data;

	for (int i = 10; i >= 5; i--, number >>= 8)
		p[i] = (unsigned char)number;
}

bool
dgram_record_is_hello(const void *data, size_t len, uint64_t *number,
    unsigned char random[DGRAM_RANDOM_SIZE])
{
	/* The message's header, the client's version, its random. */
	const size_t least =
	    DGRAM_RECORD_HEADER + MESSAGE_HEADER + 2 + DGRAM_RANDOM_SIZE;
	const unsigned char *p = data;
	struct dgram_record r;

	if (len == 0 || p[0] != HANDSHAKE ||
	    !dgram_record_read(data, len, &r) || r.epoch != 0 ||
	    r.number > HELLO_NUMBER_MAX || r.len < least ||
	    !is_plausible(p, &r) || p[DGRAM_RECORD_HEADER] != CLIENT_HELLO ||
	    big_endian(p + DGRAM_RECORD_HEADER + 6, 3) != 0)
		return false;
	*number = r.number;
	memcpy(random, p + least - DGRAM_RANDOM_SIZE, DGRAM_RANDOM_SIZE);
	return true;
}
