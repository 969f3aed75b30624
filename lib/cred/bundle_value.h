#ifndef CRED_BUNDLE_VALUE_H
#define CRED_BUNDLE_VALUE_H

#include "cred/buf.h"
#include "cred/bundle_scan.h"

/* What becomes of a PEM block: its text and a NUL, its text, what it encodes. */
enum bundle_store { BUNDLE_PEM, BUNDLE_PEM_RAW, BUNDLE_DER };

/* How a section wants its value; of no others than PEM blocks. */
struct bundle_want {
	enum bundle_store store;
	bool chomp; /* without the last line end */
};

/* Does a block begin with this line? */
bool bundle_value_begins(const struct bundle_line *l);

/*
 * Reads the value that begins with the line at hand into an empty buf, which is
 * the caller's also if that fails, and goes to the line behind it.  Returns 0,
 * or -EINVAL or -EFBIG with a sentence, or -ENOMEM.  A block of bytes has
 * nothing that could be wanted of it.
 */
int bundle_value_blocks(struct bundle_scan *s, const struct bundle_want *want,
    struct buf *v, bool *bytes);
int bundle_value_text(struct bundle_scan *s, const struct bundle_field *f,
    struct buf *v);
int bundle_value_hex(struct bundle_scan *s, const struct bundle_field *f,
    struct buf *v);

#endif
