#ifndef CRED_SHELL_WORDS_H
#define CRED_SHELL_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "cred/buf.h"

/* A line as Zephyr's shell takes it apart: blanks, quotes and backslashes. */
#define SHELL_WORDS_MAX 8

struct shell_words {
	struct buf text; /* the words, each with a NUL behind it */
	size_t begin[SHELL_WORDS_MAX];
	size_t n;  /* as many as there are, also above SHELL_WORDS_MAX */
	bool open; /* a quotation mark has no second one */
	bool nul;  /* a NUL is in one, which ends it too early */
};
void shell_words_read(struct shell_words *w, const char *line, size_t len);
/* NULL behind the last. */
const char *shell_words_get(const struct shell_words *w, size_t i);
void shell_words_fini(struct shell_words *w);

#endif
