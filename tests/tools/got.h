#ifndef TOOLS_GOT_H
#define TOOLS_GOT_H

#include "kinds.h"

/* An importer's answer to bytes; what goes on in the tool around it. */
struct got {
	int rc;
	struct kind_input in; /* with the sentence, if it failed */
	struct set set;
};

/* With the options of a --tag 7, or those that are given. */
struct got got_import(kind_import *import, const void *data, size_t len,
    const struct kind_input *options);
void got_fini(struct got *g);

/* The set has this value under (tag, type). */
void got_has(const struct got *g, int tag, int type, const void *data,
    size_t len);
/* It failed so, at the line, with the word in its sentence. */
void got_failed(const struct got *g, int rc, int line, const char *word);

/* A CA, a leaf that it has signed, and the leaf's key, as PEM with a NUL. */
struct got_pki {
	unsigned char *ca, *leaf, *key;
	size_t ca_len, leaf_len, key_len;
};
extern struct got_pki got_pki;
int got_setup(void **state);
int got_teardown(void **state);

#endif
