#include "bundles.h"

#include <stdlib.h>
#include <string.h>

#include "base/stack.h"
#include "cred/load.h"
#include "say.h"

struct bundles {
	char *text; /* cut at the colons */
	struct bundle_file *files;
	struct load_source *sources;
	size_t nread;
};

static void
bundles_fini(struct bundles *b)
{
	for (size_t i = 0; i < b->nread; i++)
		bundle_file_fini(&b->files[i]);
	free(b->files);
	free(b->sources);
	free(b->text);
}

static int
bundles_init(struct bundles *b, const char *names)
{
	size_t n = 1;

	for (const char *c = names; *c != '\0'; c++)
		n += *c == ':';
	*b = (struct bundles){ .text = strdup(names),
		.files = calloc(n, sizeof(*b->files)),
		.sources = calloc(n, sizeof(*b->sources)) };
	if (b->text == NULL || b->files == NULL || b->sources == NULL)
		return say_no_memory();
	return DONE;
}

int
bundles_check(const char *names)
{
	const struct load_how how = { .origin = CRED_FROM_ENV };
	struct load_error e;
	struct bundles b;
	char *rest, *name;
	int rc;

	if (names == NULL)
		return DONE;
	rc = bundles_init(&b, names);
	rest = b.text;
	while (rc == DONE && (name = strsep(&rest, ":")) != NULL) {
		if (load_read(name, &b.files[b.nread], &e) < 0) {
			rc = say(OWN, "--creds: %s", e.text);
			break;
		}
		b.sources[b.nread] =
		    (struct load_source){ name, &b.files[b.nread].bundle };
		b.nread++;
	}
	if (rc == DONE && load_bundles(b.sources, b.nread, &how, &e) < 0)
		rc = say(OWN, "--creds: %s", e.text);
	bundles_fini(&b);
	stack_wipe();
	return rc;
}
