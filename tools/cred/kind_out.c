#include "kind_out.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "say.h"

struct kind_file *
kind_file_new(struct kind_output *o, const char *format, ...)
{
	struct kind_file *files, *f;
	va_list ap;

	files = realloc(o->files, (o->n + 1) * sizeof(*files));
	if (files == NULL) {
		(void)say_no_memory();
		return NULL;
	}
	o->files = files;
	f = &files[o->n++];
	*f = (struct kind_file){ .tag = -1 };
	va_start(ap, format);
	(void)vsnprintf(f->name, sizeof(f->name), format, ap);
	va_end(ap);
	return f;
}

void
kind_output_fini(struct kind_output *o)
{
	for (size_t i = 0; i < o->n; i++)
		buf_fini(&o->files[i].data);
	free(o->files);
	o->files = NULL;
	o->n = 0;
}

static int
end_file(struct kind_output *o, int rc)
{
	struct kind_file *f = &o->files[o->n - 1];

	if (rc == DONE && f->data.failed)
		return say_no_memory();
	if (rc != KIND_LEFT_OUT)
		return rc;
	buf_fini(&f->data);
	o->n--;
	return DONE;
}

int
kind_export_each(struct kind_output *o, const struct set *s, const char *ext,
    kind_write *write)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct item *item = &s->items[i];
		struct kind_file *f = kind_file_new(o, "%s.%s",
		    kind_stem(item->tag, item->type), ext);
		int rc;

		if (f == NULL)
			return FAILED;
		f->tag = item->tag;
		f->type = item->type;
		f->secret = type_is_secret(item->type);
		rc = end_file(o, write(o, item, &f->data));
		if (rc != DONE)
			return rc;
	}
	return DONE;
}
