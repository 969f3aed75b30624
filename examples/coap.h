#ifndef EXAMPLES_COAP_H
#define EXAMPLES_COAP_H

/* The messages of CoAP (RFC 7252): their bytes, and nothing of how they go. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COAP_TOKEN_MAX 8
#define COAP_BLOCK_MAX 1024   /* the largest block of a payload */
#define COAP_MESSAGE_MAX 1152 /* what a peer can be expected to take (4.6) */

/* The ciphersuites that every device has, for keys and certificates (9.1.3). */
#define TLS_PSK_WITH_AES_128_CCM_8 0xc0a8
#define TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8 0xc0ae

enum coap_type { COAP_CON, COAP_NON, COAP_ACK, COAP_RST };

/* Written as in the RFC: COAP_CODE(4, 04) is 4.04. */
#define COAP_CODE(class, detail) ((uint8_t)((class) << 5 | (detail)))
#define COAP_CLASS(code) ((code) >> 5)
#define COAP_EMPTY COAP_CODE(0, 0)
#define COAP_GET COAP_CODE(0, 1)
#define COAP_POST COAP_CODE(0, 2)
#define COAP_PUT COAP_CODE(0, 3)
#define COAP_DELETE COAP_CODE(0, 4)

enum coap_option_number {
	COAP_URI_HOST = 3,
	COAP_ETAG = 4,
	COAP_URI_PORT = 7,
	COAP_URI_PATH = 11,
	COAP_CONTENT_FORMAT = 12,
	COAP_URI_QUERY = 15,
	COAP_BLOCK2 = 23
};

/* A message that came: its pointers lead into the datagram. */
struct coap_message {
	enum coap_type type;
	uint8_t code;
	uint16_t id;
	uint8_t token[COAP_TOKEN_MAX];
	size_t token_len;
	const uint8_t *options, *payload;
	size_t options_len, payload_len;
};

enum coap_verdict {
	COAP_GOOD,
	COAP_MALFORMED, /* only type and id can be relied on */
	COAP_ALIEN      /* not CoAP, or not of this version: to be ignored */
};

enum coap_verdict coap_parse(struct coap_message *m, const uint8_t *data,
    size_t len);

/* An option, and where the next one is; all zero before the first. */
struct coap_option {
	const uint8_t *next;
	unsigned number;
	const uint8_t *value;
	size_t len;
};

/* Goes on to the next option; false after the last. */
bool coap_next(const struct coap_message *m, struct coap_option *o);

/* The first option of that number. */
bool coap_find(const struct coap_message *m, unsigned number,
    struct coap_option *o);

/*
 * The number of an option that must be understood and is not among the n known
 * ones; 0 if there is none.
 */
unsigned coap_not_understood(const struct coap_message *m,
    const unsigned *known, size_t n);

/* A piece of a payload (RFC 7959): number num of those of size bytes each. */
struct coap_block {
	uint32_t num;
	bool more;
	unsigned size; /* a power of two, 16 to COAP_BLOCK_MAX */
};

/* 1 if the message has the Block2 option, 0 if not, -1 if it has a wrong one. */
int coap_get_block2(const struct coap_message *m, struct coap_block *b);

/*
 * Writes a message into buf: begin, options in the order of their numbers, the
 * payload.  What does not fit is left out, and then full is true.
 */
struct coap_writer {
	uint8_t *buf;
	size_t size, len;
	unsigned number; /* of the last option */
	bool full;
};

void coap_begin(struct coap_writer *w, enum coap_type type, uint8_t code,
    uint16_t id, const uint8_t *token, size_t token_len);
void coap_add(struct coap_writer *w, unsigned number, const void *value,
    size_t len);
void coap_add_uint(struct coap_writer *w, unsigned number, uint32_t value);
void coap_add_block2(struct coap_writer *w, const struct coap_block *b);
void coap_add_payload(struct coap_writer *w, const void *data, size_t len);

/* "GET", "4.04 Not Found" or only "4.04", until the next call. */
const char *coap_code_text(uint8_t code);

#endif
