#include "cred/control_request.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cred/bundle.h"
#include "cred/control_answer.h"
#include "cred/types.h"

static const struct {
	int error;
	const char *name;
} names[] = {
	{ EACCES, "EACCES" },
	{ EEXIST, "EEXIST" },
	{ EFBIG, "EFBIG" },
	{ EINVAL, "EINVAL" },
	{ ENOENT, "ENOENT" },
	{ ENOMEM, "ENOMEM" },
	{ ENOSYS, "ENOSYS" },
	{ EOPNOTSUPP, "EOPNOTSUPP" },
	{ ESTALE, "ESTALE" },
};

static void
put_error(const struct control_request *r, int error, const char *text,
    struct wire_frame *out)
{
	wire_begin(out, WIRE_ERROR, r->head->id);
	wire_put_u32(out, WIRE_ERRNO, (uint32_t)error);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].error == error)
			wire_put_text(out, WIRE_ERROR_NAME, names[i].name);
	}
	wire_put_text(out, WIRE_TEXT, text);
}

int
control_refuse(const struct control_request *r, int error, const char *text,
    struct wire_frame *out)
{
	put_error(r, error, text, out);
	return wire_end(out) ? 0 : -ENOMEM;
}

int
control_refuse_op(const struct control_request *r, int error, const char *text,
    size_t op, struct wire_frame *out)
{
	put_error(r, error, text, out);
	wire_put_u32(out, WIRE_OP_INDEX, (uint32_t)op);
	return wire_end(out) ? 0 : -ENOMEM;
}

static int
add_op(struct control_request *r, const struct wire_field *f)
{
	struct cred_op *p;
	size_t room;

	if (r->n == CONTROL_OPS_MAX) {
		r->bad = "there are too many changes in one request";
		return 0;
	}
	if (r->n == r->room) {
		room = r->room == 0 ? 16 : 2 * r->room;
		p = reallocarray(r->ops, room, sizeof(*p));
		if (p == NULL)
			return -ENOMEM;
		r->ops = p;
		r->room = room;
	}
	if (!wire_op(f, &r->ops[r->n]))
		return -EPROTO;
	if (cred_types_short(r->ops[r->n].type) == NULL)
		r->bad = "a change is of no type of credential";
	else if (r->ops[r->n].len > BUNDLE_VALUE_MAX)
		r->bad = "a value is too large";
	r->n++;
	return 0;
}

static bool
read_u32(const struct wire_field *f, uint32_t *v, bool *has)
{
	*has = true;
	return wire_u32(f, v);
}

/* What only an APPLY may have. */
static int
read_critical(struct control_request *r, const struct wire_field *f)
{
	uint32_t dry = 0;

	if (r->head->type != WIRE_APPLY) {
		r->unknown = true;
		return 0;
	}
	switch (f->tag) {
	case WIRE_IF_GENERATION:
		r->has_generation = true;
		return wire_u64(f, &r->generation) ? 0 : -EPROTO;
	case WIRE_DRY_RUN:
		if (!wire_u32(f, &dry) || dry > 1)
			return -EPROTO;
		r->dry_run = dry == 1;
		return 0;
	case WIRE_OP:
		return add_op(r, f);
	default:
		r->unknown = true;
		return 0;
	}
}

static int
read_field(struct control_request *r, const struct wire_field *f)
{
	bool ok = true, has;

	if ((f->tag & WIRE_CRITICAL) != 0)
		return read_critical(r, f);
	switch (f->tag) {
	case WIRE_SEC_TAG:
		ok = read_u32(f, &r->tag, &r->has_tag);
		if (r->tag > INT_MAX)
			r->bad = "a sec_tag is 0 to 2147483647";
		break;
	case WIRE_CRED_TYPE:
		ok = read_u32(f, &r->type, &r->has_type);
		if (r->type > INT_MAX || cred_types_short((int)r->type) == NULL)
			r->bad = "there is no such type of credential";
		break;
	case WIRE_MAX_VERSION:
		ok = read_u32(f, &r->max_version, &r->has_max_version);
		break;
	case WIRE_MIN_VERSION:
		ok = read_u32(f, &r->min_version, &has);
		break;
	default: /* of a later version, and can be overlooked */
		break;
	}
	return ok ? 0 : -EPROTO;
}

int
control_request_read(const struct wire_head *head, const unsigned char *fields,
    struct control_request *r)
{
	struct wire_field f;
	size_t at = 0;
	int rc;

	memset(r, 0, sizeof(*r));
	r->head = head;
	while ((rc = wire_next(fields, head->len, &at, &f)) == 1) {
		rc = read_field(r, &f);
		if (rc < 0)
			return rc;
	}
	return rc < 0 ? -EPROTO : 0;
}

void
control_request_fini(struct control_request *r)
{
	free(r->ops);
	r->ops = NULL;
}
