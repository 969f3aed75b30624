/* Adds one credential to the bundle of its argument; see kill_write.sh. */
#include <stdio.h>

#include "cred/bundle_edit.h"
#include "cred/bundle_file.h"
#include "cred/store.h"

static int
add_one(void *arg, const struct bundle_file *old, struct buf *out)
{
	const struct cred_op op = { CRED_OP_ADD, 42, CRED_PSK_ID,
		(const unsigned char *)"abc", 3, false };
	const struct bundle_edit e = { old->text, old->len, &old->bundle,
		NULL };
	struct bundle_edited done;
	int rc;

	(void)arg;
	rc = bundle_edit(&e, &op, 1, &done);
	*out = done.text;
	return rc;
}

int
main(int argc, char **argv)
{
	struct bundle_file_error e = { "there is one bundle to change" };

	if (argc == 2 && bundle_file_update(argv[1], add_one, NULL, &e) == 0)
		return 0;
	fprintf(stderr, "%s\n", e.text);
	return 1;
}
