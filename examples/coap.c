#include "coap.h"

#include <stdio.h>
#include <string.h>

#define VERSION 1
#define HEADER 4
#define MARKER 0xff        /* the payload begins after it */
#define LEAST_BLOCK_BITS 4 /* 16 bytes */

/*
 * One half of an option's first byte: up to 12 is the value itself, 13 and 14
 * say that the rest of it is in the next one or two bytes.
 */
static bool
read_nibble(unsigned nibble, const uint8_t **p, const uint8_t *end,
    unsigned *value)
{
	const uint8_t *at = *p;

	*value = nibble;
	if (nibble < 13)
		return true;
	if (nibble == 13 && end - at >= 1) {
		*value = 13U + at[0];
		*p += 1;
		return true;
	}
	if (nibble == 14 && end - at >= 2) {
		*value = 269U + ((unsigned)at[0] << 8 | at[1]);
		*p += 2;
		return true;
	}
	return false;
}

/* Reads the option at o->next, which is before end. */
static bool
read_option(struct coap_option *o, const uint8_t *end)
{
	const uint8_t *p = o->next + 1;
	const unsigned first = *o->next;
	unsigned delta, len;

	if (!read_nibble(first >> 4, &p, end, &delta) ||
	    !read_nibble(first & 15, &p, end, &len) || len > end - p)
		return false;
	o->number += delta;
	o->value = p;
	o->len = len;
	o->next = p + len;
	return o->number <= UINT16_MAX;
}

/* Finds where the options end, and that they are all well-formed. */
static bool
parse_options(struct coap_message *m, const uint8_t *p, const uint8_t *end)
{
	struct coap_option o = { .next = p };

	m->options = p;
	while (o.next < end && *o.next != MARKER) {
		if (!read_option(&o, end))
			return false;
	}
	m->options_len = (size_t)(o.next - p);
	if (o.next == end)
		return true;
	m->payload = o.next + 1;
	m->payload_len = (size_t)(end - m->payload);
	return m->payload_len > 0; /* a marker without a payload is wrong */
}

enum coap_verdict
coap_parse(struct coap_message *m, const uint8_t *data, size_t len)
{
	memset(m, 0, sizeof(*m));
	if (len < HEADER || data[0] >> 6 != VERSION)
		return COAP_ALIEN;
	m->type = (enum coap_type)(data[0] >> 4 & 3);
	m->token_len = data[0] & 15;
	m->code = data[1];
	m->id = (uint16_t)(data[2] << 8 | data[3]);
	if (m->code == COAP_EMPTY)
		return len == HEADER && m->token_len == 0 ? COAP_GOOD
		                                          : COAP_MALFORMED;
	if (m->token_len > COAP_TOKEN_MAX || HEADER + m->token_len > len)
		return COAP_MALFORMED;
	memcpy(m->token, data + HEADER, m->token_len);
	return parse_options(m, data + HEADER + m->token_len, data + len)
	    ? COAP_GOOD
	    : COAP_MALFORMED;
}

bool
coap_next(const struct coap_message *m, struct coap_option *o)
{
	const uint8_t *end = m->options + m->options_len;

	if (o->next == NULL)
		o->next = m->options;
	return o->next < end && read_option(o, end);
}

bool
coap_find(const struct coap_message *m, unsigned number, struct coap_option *o)
{
	*o = (struct coap_option){ 0 };
	while (coap_next(m, o)) {
		if (o->number == number)
			return true;
	}
	return false;
}

/* Odd numbers are those of options that must be understood (5.4.6). */
unsigned
coap_not_understood(const struct coap_message *m, const unsigned *known,
    size_t n)
{
	struct coap_option o = { 0 };
	size_t i;

	while (coap_next(m, &o)) {
		for (i = 0; i < n && known[i] != o.number; i++)
			continue;
		if (i == n && (o.number & 1) != 0)
			return o.number;
	}
	return 0;
}

/* The last four bits say whether more follows and how large a block is. */
int
coap_get_block2(const struct coap_message *m, struct coap_block *b)
{
	struct coap_option o;
	uint32_t value = 0;

	if (!coap_find(m, COAP_BLOCK2, &o))
		return 0;
	if (o.len > 3)
		return -1;
	for (size_t i = 0; i < o.len; i++)
		value = value << 8 | o.value[i];
	b->num = value >> 4;
	b->more = (value & 8) != 0;
	b->size = 1U << ((value & 7) + LEAST_BLOCK_BITS);
	return b->size <= COAP_BLOCK_MAX ? 1 : -1;
}

static void
put(struct coap_writer *w, const void *data, size_t len)
{
	if (w->full || len > w->size - w->len) {
		w->full = true;
		return;
	}
	if (len > 0)
		memcpy(w->buf + w->len, data, len);
	w->len += len;
}

void
coap_begin(struct coap_writer *w, enum coap_type type, uint8_t code,
    uint16_t id, const uint8_t *token, size_t token_len)
{
	const uint8_t header[HEADER] = {
		(uint8_t)(VERSION << 6 | (unsigned)type << 4 | token_len),
		code,
		(uint8_t)(id >> 8),
		(uint8_t)id,
	};

	w->len = 0;
	w->number = 0;
	w->full = false;
	put(w, header, sizeof(header));
	put(w, token, token_len);
}

/* The other way round than read_nibble; to gets what must follow. */
static unsigned
write_nibble(size_t value, uint8_t **to)
{
	if (value < 13)
		return (unsigned)value;
	if (value < 269) {
		*(*to)++ = (uint8_t)(value - 13);
		return 13;
	}
	*(*to)++ = (uint8_t)((value - 269) >> 8);
	*(*to)++ = (uint8_t)(value - 269);
	return 14;
}

void
coap_add(struct coap_writer *w, unsigned number, const void *value, size_t len)
{
	uint8_t head[5], *end = head + 1;
	const unsigned delta = write_nibble(number - w->number, &end);

	head[0] = (uint8_t)(delta << 4 | write_nibble(len, &end));
	put(w, head, (size_t)(end - head));
	put(w, value, len);
	w->number = number;
}

/* As short as it can be: 0 has no bytes at all (3.2). */
void
coap_add_uint(struct coap_writer *w, unsigned number, uint32_t value)
{
	const uint8_t bytes[4] = { (uint8_t)(value >> 24),
		(uint8_t)(value >> 16), (uint8_t)(value >> 8), (uint8_t)value };
	size_t zeros = 0;

	while (zeros < sizeof(bytes) && bytes[zeros] == 0)
		zeros++;
	coap_add(w, number, bytes + zeros, sizeof(bytes) - zeros);
}

void
coap_add_block2(struct coap_writer *w, const struct coap_block *b)
{
	uint32_t bits = 0;

	while (b->size >> LEAST_BLOCK_BITS > 1U << bits)
		bits++;
	coap_add_uint(w, COAP_BLOCK2, b->num << 4 | (b->more ? 8U : 0U) | bits);
}

void
coap_add_payload(struct coap_writer *w, const void *data, size_t len)
{
	const uint8_t marker = MARKER;

	if (len == 0)
		return;
	put(w, &marker, 1);
	put(w, data, len);
}

const char *
coap_code_text(uint8_t code)
{
	static const struct {
		uint8_t code;
		const char *name;
	} rows[] = {
		{ COAP_GET, "GET" },
		{ COAP_POST, "POST" },
		{ COAP_PUT, "PUT" },
		{ COAP_DELETE, "DELETE" },
		{ COAP_CODE(2, 1), "Created" },
		{ COAP_CODE(2, 2), "Deleted" },
		{ COAP_CODE(2, 3), "Valid" },
		{ COAP_CODE(2, 4), "Changed" },
		{ COAP_CODE(2, 5), "Content" },
		{ COAP_CODE(4, 0), "Bad Request" },
		{ COAP_CODE(4, 1), "Unauthorized" },
		{ COAP_CODE(4, 2), "Bad Option" },
		{ COAP_CODE(4, 3), "Forbidden" },
		{ COAP_CODE(4, 4), "Not Found" },
		{ COAP_CODE(4, 5), "Method Not Allowed" },
		{ COAP_CODE(4, 6), "Not Acceptable" },
		{ COAP_CODE(4, 8), "Request Entity Incomplete" },
		{ COAP_CODE(4, 12), "Precondition Failed" },
		{ COAP_CODE(4, 13), "Request Entity Too Large" },
		{ COAP_CODE(4, 15), "Unsupported Content-Format" },
		{ COAP_CODE(5, 0), "Internal Server Error" },
		{ COAP_CODE(5, 1), "Not Implemented" },
		{ COAP_CODE(5, 2), "Bad Gateway" },
		{ COAP_CODE(5, 3), "Service Unavailable" },
		{ COAP_CODE(5, 4), "Gateway Timeout" },
		{ COAP_CODE(5, 5), "Proxying Not Supported" },
	};
	static char text[48];
	const char *name = "";
	int len = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].code == code)
			name = rows[i].name;
	}
	if (COAP_CLASS(code) != 0 || *name == '\0')
		len = snprintf(text, sizeof(text), "%d.%02d%s",
		    COAP_CLASS(code), code & 31, *name != '\0' ? " " : "");
	snprintf(text + len, sizeof(text) - (size_t)len, "%s", name);
	return text;
}
