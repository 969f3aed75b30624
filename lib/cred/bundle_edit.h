#ifndef CRED_BUNDLE_EDIT_H
#define CRED_BUNDLE_EDIT_H

#include "cred/bundle.h"
#include "cred/op.h"

/*
 * The text of a bundle after n changes: only the sections that change are
 * written anew, all the rest stays byte for byte.  A value put that is held
 * already leaves its section as it is, and each change sees what those before it
 * did: *count has what is so in the end.  text may be NULL: a bundle of no
 * sections, for a new file.  b is what bundle_parse made of text, and may then be
 * NULL too.
 *
 * What is added comes last.  What is replaced keeps its "Note" and "X-" lines,
 * and loses its comments.  note is written into the sections that are added or
 * replaced, instead of the notes that were there, unless it is NULL; "" leaves
 * none.  It has no line ends.
 *
 * Returns 0 and *out of *out_len bytes, the caller's to wipe and free; or, with
 * nothing in out and the index of the change in *failed, -EEXIST, -ENOENT, -EFBIG
 * (its value is too large) or -EINVAL (there is no such tag or type); or, with n
 * in *failed, -EFBIG (the result has more bytes or sections than a bundle may
 * have), -EINVAL (the note has a byte that no text has) or -ENOMEM.
 */
int bundle_edit(const char *text, size_t len, const struct bundle *b,
    const struct cred_op *ops, size_t n, const char *note, char **out,
    size_t *out_len, struct cred_op_count *count, size_t *failed);

#endif
