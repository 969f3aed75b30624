#include "kinds.h"

#include <string.h>

#include "cred/bundle_file.h"
#include "cred/bundle_name.h"
#include "kind_text.h"

/* The input is the path of a directory, without a NUL. */
int
kind_dir_import(struct kind_input *in, struct set *out)
{
	struct bundle_file_error e = { "" };
	struct bundle_file f;
	char path[4096];
	int rc;

	if (in->len >= sizeof(path))
		return kind_fail(in, USAGE, 0, "the path is too long");
	memcpy(path, in->data, in->len);
	path[in->len] = '\0';
	rc = bundle_file_read(path, &f, &e);
	if (rc < 0)
		return kind_fail(in, outcome_of(rc), 0, "%s", e.text);
	rc = f.dir ? DONE
	           : kind_fail(in, MALFORMED, 0,
	                 "%s is a file, and dir is a directory", path);
	for (size_t i = 0; rc == DONE && i < f.bundle.n; i++) {
		const struct bundle_section *s = &f.bundle.sections[i];

		rc = kind_add(in,
		    &(struct kind_value){ s->tag, s->type, s->data, s->len, 0 },
		    out);
	}
	bundle_file_fini(&f);
	return rc;
}

/* As the store of a directory writes it, so that it is read as the same. */
static int
write_value(const struct item *item, int ext, struct buf *b)
{
	struct buf bytes;
	const int rc = bundle_name_encode(ext, item->data, item->len, &bytes);

	if (rc < 0)
		return say(outcome_of(rc), "%s: %s",
		    kind_pair(item->tag, item->type), strerror(-rc));
	buf_add(b, bytes.data, bytes.len);
	buf_fini(&bytes);
	return b->failed ? say_no_memory() : DONE;
}

int
kind_dir_export(struct kind_output *o, const struct set *s)
{
	int rc = DONE;

	for (size_t i = 0; rc == DONE && i < s->n; i++) {
		const struct item *item = &s->items[i];
		const struct bundle_name n = { item->tag, item->type,
			bundle_name_choose(item->type, item->data, item->len) };
		char name[BUNDLE_NAME_SIZE];
		struct kind_file *f;

		bundle_name_write(&n, name);
		f = kind_file_new(o, "%s", name);
		if (f == NULL)
			return FAILED;
		f->tag = item->tag;
		f->type = item->type;
		f->secret = type_is_secret(item->type);
		rc = write_value(item, n.ext, &f->data);
	}
	return rc;
}
