#include "cred/load.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/stack.h"
#include "cred/types.h"

/* Where a change comes from. */
struct place {
	const char *name; /* may be NULL */
	int line;         /* or 0 */
};

/* The changes that several bundles make. */
struct plan {
	struct cred_op *ops;
	struct place *places;
	size_t n;
};

__attribute__((format(printf, 4, 5))) static void
explain(struct load_error *e, const char *name, int line, const char *format,
    ...)
{
	int n = 0;
	va_list ap;

	e->line = line;
	e->text[0] = '\0';
	if (name != NULL)
		n = snprintf(e->text, sizeof(e->text), "%s:", name);
	if (name != NULL && line > 0 && n < (int)sizeof(e->text))
		n += snprintf(e->text + n, sizeof(e->text) - (size_t)n,
		    "%d:", line);
	if (name != NULL && n < (int)sizeof(e->text))
		n += snprintf(e->text + n, sizeof(e->text) - (size_t)n, " ");
	if (n >= (int)sizeof(e->text))
		return; /* a name so long says it all */
	va_start(ap, format);
	(void)vsnprintf(e->text + n, sizeof(e->text) - (size_t)n, format, ap);
	va_end(ap);
}

static void
plan_fini(struct plan *p)
{
	free(p->ops);
	free(p->places);
}

static int
plan_init(struct plan *p, const struct load_source *sources, size_t n)
{
	size_t total = 1; /* for calloc must not be asked for nothing */

	for (size_t i = 0; i < n; i++)
		total += sources[i].bundle->n;
	p->n = 0;
	p->ops = calloc(total, sizeof(*p->ops));
	p->places = calloc(total, sizeof(*p->places));
	if (p->ops != NULL && p->places != NULL)
		return 0;
	plan_fini(p);
	return -ENOMEM;
}

static int
plan_source(struct plan *p, const struct load_source *source,
    const struct load_how *how, struct load_error *e)
{
	const struct bundle *b = source->bundle;

	for (size_t i = 0; i < b->n; i++) {
		const struct bundle_section *s = &b->sections[i];

		if (s->redacted) {
			explain(e, source->name, s->line,
			    "the value of sec_tag %d, %s, was left out; a "
			    "bundle that is loaded has all values",
			    s->tag, cred_types_short(s->type));
			return -EINVAL;
		}
		p->places[p->n] = (struct place){ source->name, s->line };
		p->ops[p->n++] = (struct cred_op){
			.kind = how->replace ? CRED_OP_PUT : CRED_OP_ADD,
			.tag = s->tag,
			.type = s->type,
			.data = s->data,
			.len = s->len,
			.override = b->mode == BUNDLE_OVERRIDE,
		};
	}
	return 0;
}

/* The place before it that has the same pair, or NULL. */
static const struct place *
find_before(const struct plan *p, size_t failed)
{
	const struct cred_op *op = &p->ops[failed];

	for (size_t i = 0; i < failed; i++) {
		if (p->ops[i].tag == op->tag && p->ops[i].type == op->type)
			return &p->places[i];
	}
	return NULL;
}

static void
explain_taken(const struct plan *p, size_t failed, struct load_error *e)
{
	const struct place *at = &p->places[failed],
	                   *before = find_before(p, failed);
	const char *type = cred_types_short(p->ops[failed].type);
	const int tag = p->ops[failed].tag;
	char line[32] = ""; /* files of a directory have none */

	if (before == NULL) {
		explain(e, at->name, at->line,
		    "sec_tag %d has a %s in the store already", tag, type);
		return;
	}
	if (before->line > 0)
		(void)snprintf(line, sizeof(line), ", line %d", before->line);
	explain(e, at->name, at->line, "sec_tag %d has a %s already, in %s%s",
	    tag, type, before->name, line);
}

static void
explain_failure(const struct plan *p, int rc, size_t failed,
    struct load_error *e)
{
	if (rc == -EEXIST)
		explain_taken(p, failed, e);
	else if (rc == -ENOMEM && failed < p->n)
		explain(e, p->places[failed].name, p->places[failed].line,
		    "%s=%zu has no room for this one; raise that symbol",
		    limit_symbol(LIMIT_CREDENTIALS),
		    (size_t)limit_get(LIMIT_CREDENTIALS, 0));
	else
		explain(e, p->n > 0 ? p->places[0].name : NULL, 0, "%s",
		    strerror(-rc));
}

int
load_bundles(const struct load_source *sources, size_t n,
    const struct load_how *how, struct load_error *e)
{
	const struct store_change change = {
		.origin = how->origin,
		.override = how->override,
	};
	struct cred_op_count count;
	uint64_t generation;
	size_t failed = 0;
	struct plan plan;
	int rc;

	rc = plan_init(&plan, sources, n);
	if (rc < 0) {
		explain(e, n > 0 ? sources[0].name : NULL, 0, "out of memory");
		return rc;
	}
	for (size_t i = 0; rc == 0 && i < n; i++)
		rc = plan_source(&plan, &sources[i], how, e);
	if (rc < 0)
		goto out;
	rc = store_apply(plan.ops, plan.n, &change, &count, &generation,
	    &failed);
	if (rc < 0)
		explain_failure(&plan, rc, failed, e);
out:
	plan_fini(&plan);
	return rc;
}

/* The reader's sentence begins with the path, and the line if it has one. */
static void
take_over(struct load_error *e, const char *path,
    const struct bundle_file_error *from)
{
	const size_t len = strlen(path);
	const char *number;
	char *end;
	long line;

	explain(e, NULL, 0, "%s", from->text);
	if (strncmp(from->text, path, len) != 0 || from->text[len] != ':')
		return;
	number = from->text + len + 1;
	if (*number < '0' || *number > '9')
		return;
	line = strtol(number, &end, 10);
	if (*end == ':')
		e->line = (int)line;
}

int
load_read(const char *path, struct bundle_file *f, struct load_error *e)
{
	struct bundle_file_error why;
	const int rc = bundle_file_read(path, f, &why);

	if (rc < 0)
		take_over(e, path, &why);
	return rc;
}

int
load_file(const char *path, const struct load_how *how, struct load_error *e)
{
	struct load_source source = { .name = path };
	struct bundle_file f;
	int rc;

	rc = load_read(path, &f, e);
	if (rc == 0) {
		source.bundle = &f.bundle;
		rc = load_bundles(&source, 1, how, e);
		bundle_file_fini(&f);
	}
	stack_wipe();
	return rc;
}

int
load_text(const char *text, size_t len, const struct load_how *how,
    struct load_error *e)
{
	struct load_source source = { .name = NULL };
	struct bundle_error why;
	struct bundle b;
	int rc;

	rc = bundle_parse(text, len, &b, &why);
	if (rc == -ENOMEM) {
		explain(e, NULL, 0, "out of memory");
		return rc;
	}
	if (rc < 0) {
		explain(e, NULL, why.line, "%s", why.text);
		return rc;
	}
	source.bundle = &b;
	rc = load_bundles(&source, 1, how, e);
	bundle_fini(&b);
	stack_wipe();
	return rc;
}
