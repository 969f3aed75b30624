/*
 * Bundles of credentials: a file that somebody has written or sent.  Each
 * section by itself is a bundle with the same credential in it, and so is what
 * is written for that.
 */
#include "support/test.h"

#include <stdlib.h>
#include <string.h>

#include "cred/bundle.h"
#include "cred/bundle_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char top[] = "zsock-credentials 1\n";

static void
check_alone(const char *text, const struct bundle_section *s)
{
	const size_t head = sizeof(top) - 1, len = s->end - s->begin;
	char *alone = malloc(head + len);
	struct bundle_error e;
	struct bundle b;

	if (alone == NULL)
		abort();
	memcpy(alone, top, head);
	memcpy(alone + head, text + s->begin, len);
	if (bundle_parse(alone, head + len, &b, &e) != 0 || b.n != 1)
		abort();
	if (b.sections[0].tag != s->tag || b.sections[0].type != s->type ||
	    b.sections[0].redacted != s->redacted ||
	    b.sections[0].len != s->len ||
	    (s->len > 0 && memcmp(b.sections[0].data, s->data, s->len) != 0))
		abort();
	bundle_fini(&b);
	free(alone);
}

/* And it is written as something that is read as the same. */
static void
check_rewritten(const struct bundle_section *s)
{
	struct buf text = { .len = 0 };
	struct bundle_section again = { .tag = s->tag,
		.type = s->type,
		.data = s->data,
		.len = s->len };

	if (!bundle_write_section(&text, s->tag, s->type, s->data, s->len))
		abort();
	again.end = text.len;
	check_alone((const char *)text.data, &again);
	buf_fini(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct bundle_error e;
	struct bundle b;

	if (bundle_parse(text, size, &b, &e) != 0) {
		if (e.line < 1 || e.text[0] == '\0')
			abort();
		return 0;
	}
	for (size_t i = 0; i < b.n; i++) {
		check_alone(text, &b.sections[i]);
		if (!b.sections[i].redacted)
			check_rewritten(&b.sections[i]);
	}
	bundle_fini(&b);
	return 0;
}
