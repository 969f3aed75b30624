#ifndef BASE_HOSTS_LINE_H
#define BASE_HOSTS_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/address.h"

/* Bytes of the longest name that DNS knows, without its NUL. */
#define HOSTS_NAME_MAX 253

/* One line, or one name of it, understood. */
struct hosts_rule {
	struct hosts_rule *next;
	/* In lower case, without a final dot; "" if from is what is meant. */
	char name[HOSTS_NAME_MAX + 1];
	struct address from;
	bool redirects; /* or name just has the address */
	uint16_t port;  /* of name or from; network order */
	struct address to;
	/* The table's: 0 until it gives them. */
	unsigned standin, batch;
};

/* A name as rules have it.  False if it cannot be the name of a host. */
bool hosts_line_name(const char *text, char name[HOSTS_NAME_MAX + 1]);

/*
 * Understands one line, which is changed: "address name [alias...]", or
 * "name:port -> address:port", or "address:port -> address:port", or nothing,
 * with a comment after '#'.  The rules, in order, are put at *end; the caller
 * frees each with free().
 *
 * Returns NULL, or a sentence that says what is wrong and what to write.
 */
const char *hosts_line_parse(char *line, struct hosts_rule ***end);

/* What hosts_line_parse says when memory is out; compared by address. */
extern const char hosts_line_no_memory[];

#endif
