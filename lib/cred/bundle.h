#ifndef CRED_BUNDLE_H
#define CRED_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The text form of a set of credentials, zsock-credentials(5): a first line, a
 * head, and sections of one credential each.  Bytes in, bytes out: what is read
 * is what a device would have stored.
 */

#define BUNDLE_FIRST_LINE "zsock-credentials 1"

/* What a bundle may have at most. */
#define BUNDLE_SIZE_MAX ((size_t)4 << 20)  /* bytes of it */
#define BUNDLE_VALUE_MAX ((size_t)1 << 20) /* bytes of one credential */
#define BUNDLE_LINE_MAX ((size_t)8 << 10)  /* bytes of a line of no value */
#define BUNDLE_SECTIONS_MAX 1024

/* What an add of the program's finds: a provisioned flash, or a decree. */
enum bundle_mode { BUNDLE_SEED, BUNDLE_OVERRIDE };

struct bundle_section {
	int tag;
	int type;      /* enum cred_type */
	int line;      /* of its "Sec-Tag:" */
	bool redacted; /* data was left out on purpose */
	unsigned char *data;
	size_t len;
	/* Where it is in the text: from "Sec-Tag:" to behind its value. */
	size_t begin, end;
};

struct bundle {
	bool test_only; /* its keys are no secrets */
	enum bundle_mode mode;
	struct bundle_section *sections;
	size_t n;
};

/* What is wrong with a text, for "file:line: text". */
struct bundle_error {
	int line;
	char text[256];
};

/*
 * Reads a whole text.  Returns 0, or, with a sentence in e and nothing in out,
 * -EINVAL (it is no bundle), -EFBIG (it is too large, in bytes, in a value, a
 * line or the number of sections) or -ENOMEM.
 */
int bundle_parse(const char *text, size_t len, struct bundle *out,
    struct bundle_error *e);

/* Wipes and frees what a parse has made. */
void bundle_fini(struct bundle *b);

/* Base64 of the SHA-256 of data, as Zephyr's shell prints it; NUL-terminated. */
#define BUNDLE_DIGEST_SIZE 45
bool bundle_digest(const void *data, size_t len, char text[BUNDLE_DIGEST_SIZE]);

#endif
