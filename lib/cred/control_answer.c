#include "cred/control_answer.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "cred/bundle.h"
#include "cred/control_apply.h"
#include "cred/control_request.h"
#include "cred/store.h"
#include "cred/types.h"

static bool
is_secret(int type)
{
	return type == CRED_PRIVATE_KEY || type == CRED_PSK ||
	    type == CRED_PRIVATE_KEY_PSA;
}

static int
finish(struct wire_frame *out)
{
	return wire_end(out) ? 0 : -ENOMEM;
}

static int
answer_version(const struct wire_head *head, struct wire_frame *out)
{
	wire_begin(out, WIRE_ERROR, head->id);
	wire_put_u32(out, WIRE_ERRNO, EPROTONOSUPPORT);
	wire_put_text(out, WIRE_ERROR_NAME, "EPROTONOSUPPORT");
	wire_put_u32(out, WIRE_MIN_VERSION, WIRE_VERSION);
	wire_put_u32(out, WIRE_MAX_VERSION, WIRE_VERSION);
	wire_put_text(out, WIRE_TEXT, "there is no common version");
	return finish(out);
}

/* A client of a later version says down to which one it can go. */
static int
answer_hello(const struct control_request *r, const struct control_peer *peer,
    struct wire_frame *out)
{
	const struct control_self *self = peer->self;
	const int limit = limit_get(LIMIT_CREDENTIALS, -1);
	const uint32_t highest =
	    r->has_max_version ? r->max_version : r->head->version;
	struct cred_set *set;
	uint64_t generation;
	int rc;

	if (highest < WIRE_VERSION || r->min_version > WIRE_VERSION)
		return answer_version(r->head, out);
	rc = store_list(&set, &generation);
	if (rc < 0)
		return control_refuse(r, -rc, "out of memory", out);
	wire_begin(out, WIRE_HELLO_OK, r->head->id);
	wire_put_u32(out, WIRE_MAX_VERSION, WIRE_VERSION);
	wire_put_u32(out, WIRE_PID, (uint32_t)self->pid);
	wire_put_text(out, WIRE_NAME, self->name);
	wire_put_text(out, WIRE_EXE, self->exe);
	wire_put_u32(out, WIRE_LEVEL, self->level);
	wire_put_u64(out, WIRE_GENERATION, generation);
	wire_put_u32(out, WIRE_COUNT, (uint32_t)set->n);
	if (limit >= 0)
		wire_put_u32(out, WIRE_LIMIT, (uint32_t)limit);
	wire_put_u32(out, WIRE_FEATURES, 0);
	store_set_put(set);
	return finish(out);
}

static int
put_item(const struct control_request *r, const struct cred *c,
    enum wire_level level, struct wire_frame *out)
{
	char digest[BUNDLE_DIGEST_SIZE];

	wire_begin(out, WIRE_ITEM, r->head->id);
	wire_put_u32(out, WIRE_SEC_TAG, (uint32_t)c->tag);
	wire_put_u32(out, WIRE_CRED_TYPE, (uint32_t)c->type);
	wire_put_u32(out, WIRE_LENGTH, (uint32_t)c->len);
	if (is_secret(c->type) && level < WIRE_LEVEL_LOAD)
		wire_put_u32(out, WIRE_ERRNO, EACCES);
	else if (!bundle_digest(c->data, c->len, digest))
		return -ENOMEM;
	else
		wire_put_text(out, WIRE_DIGEST, digest);
	wire_put_u32(out, WIRE_ORIGIN, (uint32_t)c->origin);
	if (c->override)
		wire_put_u32(out, WIRE_OVERRIDE, 1);
	wire_put_u64(out, WIRE_SERIAL, c->serial);
	return finish(out);
}

static int
answer_list(const struct control_request *r, const struct control_peer *peer,
    struct wire_frame *out)
{
	struct cred_set *set;
	uint64_t generation;
	uint32_t n = 0;
	int rc;

	rc = store_list(&set, &generation);
	if (rc < 0)
		return control_refuse(r, -rc, "out of memory", out);
	for (size_t i = 0; i < set->n && rc == 0; i++) {
		const struct cred *c = set->creds[i];

		if ((r->has_tag && c->tag != (int)r->tag) ||
		    (r->has_type && c->type != (int)r->type))
			continue;
		rc = put_item(r, c, peer->self->level, out);
		n++;
	}
	store_set_put(set);
	if (rc < 0)
		return rc;
	wire_begin(out, WIRE_DONE, r->head->id);
	wire_put_u32(out, WIRE_COUNT, n);
	wire_put_u64(out, WIRE_GENERATION, generation);
	return finish(out);
}

static const struct cred *
find(const struct cred_set *set, int tag, int type)
{
	for (size_t i = 0; i < set->n; i++) {
		if (set->creds[i]->tag == tag && set->creds[i]->type == type)
			return set->creds[i];
	}
	return NULL;
}

static int
put_value(const struct control_request *r, const struct control_peer *peer,
    const struct cred *c, struct wire_frame *out)
{
	if (is_secret(c->type))
		log_line(LOG_INFO, "control: uid %ju pid %jd was given %d/%s",
		    (uintmax_t)peer->uid, (intmax_t)peer->pid, c->tag,
		    cred_types_short(c->type));
	wire_begin(out, WIRE_VALUE, r->head->id);
	wire_put_u32(out, WIRE_SEC_TAG, (uint32_t)c->tag);
	wire_put_u32(out, WIRE_CRED_TYPE, (uint32_t)c->type);
	wire_put(out, WIRE_BYTES, c->data, c->len);
	wire_put_u64(out, WIRE_SERIAL, c->serial);
	return finish(out);
}

static int
answer_get(const struct control_request *r, const struct control_peer *peer,
    struct wire_frame *out)
{
	const struct cred *c;
	struct cred_set *set;
	uint64_t generation;
	int rc;

	if (!r->has_tag || !r->has_type)
		return control_refuse(r, EINVAL,
		    "a GET names a sec_tag and a type", out);
	if (is_secret((int)r->type) && peer->self->level < WIRE_LEVEL_FULL)
		return control_refuse(r, EACCES,
		    "secrets are given out at the level full only", out);
	rc = store_list(&set, &generation);
	if (rc < 0)
		return control_refuse(r, -rc, "out of memory", out);
	c = find(set, (int)r->tag, (int)r->type);
	if (c != NULL && c->len > BUNDLE_VALUE_MAX)
		rc = control_refuse(r, EFBIG, "the value is too large", out);
	else if (c != NULL)
		rc = put_value(r, peer, c, out);
	else
		rc = control_refuse(r, ENOENT, "nothing is stored there", out);
	store_set_put(set);
	return rc;
}

static int
answer_known(const struct control_request *r, const struct control_peer *peer,
    struct wire_frame *out)
{
	if (r->head->type != WIRE_HELLO && r->head->version != WIRE_VERSION)
		return answer_version(r->head, out);
	if (r->unknown)
		return control_refuse(r, EOPNOTSUPP,
		    "the request has a field that this process does not know",
		    out);
	if (r->bad != NULL)
		return control_refuse(r, EINVAL, r->bad, out);
	switch (r->head->type) {
	case WIRE_HELLO:
		return answer_hello(r, peer, out);
	case WIRE_LIST:
		return answer_list(r, peer, out);
	case WIRE_GET:
		return answer_get(r, peer, out);
	case WIRE_APPLY:
		return control_apply(r, peer, out);
	default:
		return control_refuse(r, ENOSYS,
		    "this process does not know the request", out);
	}
}

int
control_answer(const struct wire_head *head, const unsigned char *fields,
    const struct control_peer *peer, struct wire_frame *out)
{
	struct control_request r;
	int rc;

	rc = control_request_read(head, fields, &r);
	if (rc == 0)
		rc = answer_known(&r, peer, out);
	control_request_fini(&r);
	return rc;
}
