#ifndef CRED_KIND_OUT_H
#define CRED_KIND_OUT_H

#include <stdbool.h>
#include <stddef.h>

#include "cred/buf.h"
#include "kind_text.h"
#include "set.h"

enum kind_as { KIND_AS_IS, KIND_AS_PEM, KIND_AS_DER };

struct kind_file {
	char name[48];
	bool secret;
	int tag, type; /* of its one value; -1 and 0 if it has several */
	struct buf data;
};

/* What an exporter is told, and what it makes. */
struct kind_output {
	enum kind_eol eol;
	enum kind_as as;
	bool nul, legacy;
	const char *pass; /* NULL: none was given */
	struct kind_file *files;
	size_t n;
};

/* Returns an outcome, and has said why unless it is DONE. */
typedef int kind_export(struct kind_output *o, const struct set *s);

/* A new file; its name is formatted.  NULL: out of memory, and said. */
struct kind_file *kind_file_new(struct kind_output *o, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void kind_output_fini(struct kind_output *o);

/*
 * A file of each value, TAG-type.EXT, which the function writes; or which it
 * leaves out, and says so.
 */
#define KIND_LEFT_OUT (-1)
typedef int kind_write(const struct kind_output *o, const struct item *item,
    struct buf *b);
int kind_export_each(struct kind_output *o, const struct set *s,
    const char *ext, kind_write *write);

#endif
