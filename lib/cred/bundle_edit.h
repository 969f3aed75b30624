#ifndef CRED_BUNDLE_EDIT_H
#define CRED_BUNDLE_EDIT_H

#include "cred/buf.h"
#include "cred/bundle.h"
#include "cred/op.h"

/* What is changed. */
struct bundle_edit {
	const char *text; /* NULL: a bundle of no sections, for a new file */
	size_t len;
	const struct bundle *bundle; /* what bundle_parse made of text */
	/* Of the sections that are added or replaced, unless NULL; one line. */
	const char *note;
};

/* What has come of it. */
struct bundle_edited {
	struct buf text; /* the caller's to finish */
	struct cred_op_count count;
	size_t failed; /* the index of the change that cannot be; or n */
};

/*
 * The text of a bundle after n changes: only the sections that change are
 * written anew, all the rest stays byte for byte.  A value put that is held
 * already leaves its section as it is, and each change sees what those before it
 * did: the count is of what is so in the end.
 *
 * What is added comes last.  What is replaced keeps its "Note" and "X-" lines,
 * and loses its comments; a note is instead of those that were there, and "" leaves
 * none.
 *
 * Returns 0; or, with failed and no text in out, -EEXIST, -ENOENT, -EFBIG (its
 * value is too large) or -EINVAL (there is no such tag or type); or, with n in
 * failed, -EFBIG (the result has more bytes or sections than a bundle may have),
 * -EINVAL (the note has a byte that no text has) or -ENOMEM.
 */
int bundle_edit(const struct bundle_edit *e, const struct cred_op *ops,
    size_t n, struct bundle_edited *out);

#endif
