#ifndef CRED_KIND_IN_H
#define CRED_KIND_IN_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/x509.h>

#include "say.h"
#include "set.h"

/* What an importer is given, and what it has to say. */
struct kind_input {
	const unsigned char *data;
	size_t len;
	int tag;  /* --tag, or -1 */
	int type; /* --type, or 0: by what it is */
	bool split, raw, nul;
	const char *symbol;               /* --symbol, or NULL */
	const char *select;               /* --select, or NULL */
	const STACK_OF(X509) * anchor_of; /* --anchor-of, or NULL */
	const char *pass;                 /* NULL: none was given */
	/* Of a failure: */
	int line; /* or 0 */
	char text[1536];
};

/*
 * Adds to out what in holds.  Returns an outcome, and if that is not DONE, in
 * has the sentence for it; what was skipped is told by remark().
 */
typedef int kind_import(struct kind_input *in, struct set *out);

/* Says what is wrong, at a line or at 0; returns outcome. */
int kind_fail(struct kind_input *in, enum outcome outcome, int line,
    const char *format, ...) __attribute__((format(printf, 4, 5)));
int kind_no_memory(struct kind_input *in);
/* Says it on standard error, with the name of the input; returns outcome. */
int kind_say(const struct kind_input *in, enum outcome outcome,
    const char *name);

/* What a line of an input, or 0, stands for. */
struct kind_value {
	int tag, type;
	const void *data;
	size_t len;
	int line;
};
/* Adds it; CONFLICT if the set has another of this tag and type. */
int kind_add(struct kind_input *in, const struct kind_value *v,
    struct set *out);

/* Takes it out again; of what was never added it says so. */
void kind_delete(int tag, int type, int line, struct set *out);

/*
 * Adds one value as it is, under --tag, and --type or the type that the bytes
 * tell: a certificate, a private key.  What holds both is taken apart.
 */
int kind_add_typed(struct kind_input *in, const void *data, size_t len,
    int line, struct set *out);

#endif
