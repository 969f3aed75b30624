#include "place.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cred/types.h"
#include "place_file.h"
#include "place_process.h"
#include "say.h"

/* One of the two. */
struct place {
	struct file *file;
	struct process *process;
	char name[];
};

int
place_open(const char *name, struct place **out)
{
	const size_t size = strlen(name) + 1;
	struct place *p;
	int rc;

	if (size == 1)
		return say(USAGE, "STORE is a name, and not empty");
	p = malloc(sizeof(*p) + size);
	if (p == NULL)
		return say_no_memory();
	*p = (struct place){ .file = NULL };
	memcpy(p->name, name, size);
	rc = name[0] == '@' ? process_open(p->name, &p->process)
	                    : file_open(p->name, &p->file);
	if (rc != DONE) {
		free(p);
		return rc;
	}
	*out = p;
	return DONE;
}

void
place_close(struct place *p)
{
	if (p == NULL)
		return;
	if (p->process != NULL)
		process_close(p->process);
	else
		file_close(p->file);
	free(p);
}

const char *
place_name(const struct place *p)
{
	return p->name;
}

bool
place_is_process(const struct place *p)
{
	return p->process != NULL;
}

bool
place_is_new(const struct place *p)
{
	return p->file != NULL && file_is_new(p->file);
}

/*
 * A digest that came without its value is somebody's word: it is shown if it is
 * base64 at all.
 */
static void
check_digests(struct set *s)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                             "abcdefghijklmnopqrstuvwxyz0123456789+/=";

	for (size_t i = 0; i < s->n; i++) {
		struct item *item = &s->items[i];

		if (strspn(item->digest, digits) == BUNDLE_DIGEST_SIZE - 1)
			continue;
		item->digest[0] = '\0';
		if (item->denied == 0)
			item->denied = -EACCES;
	}
}

int
place_read(struct place *p, enum place_want want, int tag, int type,
    struct set *out)
{
	const int rc = p->process != NULL
	    ? process_read(p->process, want, tag, type, out)
	    : file_read(p->file, tag, type, out);

	if (rc == DONE)
		check_digests(out);
	return rc;
}

/* Takes one out of a set. */
static int
get_of_file(struct place *p, int tag, int type, struct item *out)
{
	struct set s = { .n = 0 };
	struct item *i;
	int rc;

	rc = file_read(p->file, tag, type, &s);
	if (rc != DONE)
		return rc;
	i = set_find(&s, tag, type);
	if (i == NULL) {
		rc = say(ABSENT, "%s: no %d %s is there", p->name, tag,
		    cred_types_short(type));
	} else if (i->redacted) {
		rc = say(REFUSED, "%s:%d: %d %s is redacted: no value is there",
		    p->name, i->line, tag, cred_types_short(type));
	} else {
		*out = *i;
		i->data = NULL;
	}
	set_fini(&s);
	return rc;
}

int
place_get(struct place *p, int tag, int type, struct item *out)
{
	if (p->process != NULL)
		return process_get(p->process, tag, type, out);
	return get_of_file(p, tag, type, out);
}

int
place_apply(struct place *p, const struct place_change *c,
    struct place_result *r)
{
	*r = (struct place_result){ .generation = 0 };
	if (p->process != NULL && c->note != NULL)
		return say(USAGE, "%s: a process keeps no notes", p->name);
	if (p->process != NULL)
		return process_apply(p->process, c, r);
	return file_apply(p->file, c, r);
}
