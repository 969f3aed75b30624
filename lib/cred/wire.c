#include "cred/wire.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/config.h"

#define FIELD_HEAD 6
#define ROOM_FIRST 4096

static const char *const levels[] = { "off", "list", "load", "full" };

static uint64_t
number(const unsigned char *p, size_t len)
{
	uint64_t v = 0;

	while (len-- > 0)
		v = v << 8 | *p++;
	return v;
}

static void
set_number(unsigned char *p, size_t len, uint64_t v)
{
	while (len-- > 0) {
		p[len] = (unsigned char)v;
		v >>= 8;
	}
}

bool
wire_read_head(const unsigned char bytes[WIRE_HEAD], struct wire_head *h)
{
	const uint32_t len = (uint32_t)number(&bytes[8], 4);

	if (bytes[0] != 'Z' || bytes[1] != 'C' || len > WIRE_LEN_MAX)
		return false;
	h->version = bytes[2];
	h->type = bytes[3];
	h->id = (uint32_t)number(&bytes[4], 4);
	h->len = len;
	return true;
}

int
wire_next(const unsigned char *data, size_t len, size_t *at,
    struct wire_field *f)
{
	const size_t left = len - *at;
	size_t n;

	if (left == 0)
		return 0;
	if (left < FIELD_HEAD)
		return -EINVAL;
	n = (size_t)number(&data[*at + 2], 4);
	if (n > left - FIELD_HEAD)
		return -EINVAL;
	f->tag = (uint16_t)number(&data[*at], 2);
	f->data = &data[*at + FIELD_HEAD];
	f->len = n;
	*at += FIELD_HEAD + n;
	return 1;
}

unsigned char *
wire_read_room(struct wire_reader *r, size_t *len)
{
	size_t left = WIRE_HEAD - r->got;

	if (left > 0) {
		*len = left;
		return &r->bytes[r->got];
	}
	left = r->head.len - r->body.len;
	if (!buf_reserve(&r->body,
	        r->body.len > 0         ? 1
	            : left < ROOM_FIRST ? left
	                                : ROOM_FIRST))
		return NULL;
	*len = r->body.room - r->body.len;
	if (*len > left)
		*len = left;
	return &r->body.data[r->body.len];
}

int
wire_read(struct wire_reader *r, size_t n)
{
	if (r->got == WIRE_HEAD)
		r->body.len += n;
	else
		r->got += n;
	if (r->got < WIRE_HEAD)
		return 0;
	if (r->body.len == 0 && !wire_read_head(r->bytes, &r->head))
		return -EPROTO;
	return r->body.len == r->head.len ? 1 : 0;
}

void
wire_read_fini(struct wire_reader *r)
{
	buf_fini(&r->body);
	*r = (struct wire_reader){ .got = 0 };
}

bool
wire_u32(const struct wire_field *f, uint32_t *v)
{
	if (f->len != 4)
		return false;
	*v = (uint32_t)number(f->data, 4);
	return true;
}

bool
wire_u64(const struct wire_field *f, uint64_t *v)
{
	if (f->len != 8)
		return false;
	*v = number(f->data, 8);
	return true;
}

static bool
pick(const struct wire_field *f, const struct wire_want *w)
{
	if (w->bytes != NULL)
		*w->bytes = *f;
	return (w->u32 == NULL || wire_u32(f, w->u32)) &&
	    (w->u64 == NULL || wire_u64(f, w->u64));
}

bool
wire_pick(const struct wire_reader *r, const struct wire_want *wants, size_t n)
{
	struct wire_field f;
	size_t at = 0;
	int rc;

	while ((rc = wire_next(r->body.data, r->head.len, &at, &f)) == 1) {
		for (size_t i = 0; i < n; i++) {
			if (wants[i].tag == f.tag && !pick(&f, &wants[i]))
				return false;
		}
	}
	return rc == 0;
}

bool
wire_text(const struct wire_field *f, char *out, size_t size)
{
	if (f->len >= size || memchr(f->data, '\0', f->len) != NULL)
		return false;
	memcpy(out, f->data, f->len);
	out[f->len] = '\0';
	return true;
}

/* Room for n bytes more of the frame at hand, or NULL and it has failed. */
static unsigned char *
take_room(struct wire_frame *w, size_t n)
{
	const size_t most = WIRE_HEAD + WIRE_LEN_MAX;

	if (n > most - (w->b.len - w->begin))
		w->b.failed = true;
	if (!buf_reserve(&w->b, n))
		return NULL;
	w->b.len += n;
	return &w->b.data[w->b.len - n];
}

void
wire_begin(struct wire_frame *w, enum wire_type type, uint32_t id)
{
	unsigned char *p;

	w->begin = w->b.len;
	p = take_room(w, WIRE_HEAD);
	if (p == NULL)
		return;
	p[0] = 'Z';
	p[1] = 'C';
	p[2] = WIRE_VERSION;
	p[3] = (unsigned char)type;
	set_number(&p[4], 4, id);
	set_number(&p[8], 4, 0);
}

/* A field of two parts. */
static void
put_parts(struct wire_frame *w, uint16_t tag, const struct wire_field parts[2])
{
	const size_t len = parts[0].len + parts[1].len;
	unsigned char *p;

	if (parts[0].len > WIRE_LEN_MAX || parts[1].len > WIRE_LEN_MAX) {
		w->b.failed = true;
		return;
	}
	p = take_room(w, FIELD_HEAD + len);
	if (p == NULL)
		return;
	set_number(p, 2, tag);
	set_number(p + 2, 4, len);
	p += FIELD_HEAD;
	for (int i = 0; i < 2; i++) {
		if (parts[i].len > 0)
			memcpy(p, parts[i].data, parts[i].len);
		p += parts[i].len;
	}
}

void
wire_put(struct wire_frame *w, uint16_t tag, const void *data, size_t len)
{
	const struct wire_field parts[2] = { { .data = data, .len = len } };

	put_parts(w, tag, parts);
}

void
wire_put_u32(struct wire_frame *w, uint16_t tag, uint32_t v)
{
	unsigned char bytes[4];

	set_number(bytes, sizeof(bytes), v);
	wire_put(w, tag, bytes, sizeof(bytes));
}

void
wire_put_u64(struct wire_frame *w, uint16_t tag, uint64_t v)
{
	unsigned char bytes[8];

	set_number(bytes, sizeof(bytes), v);
	wire_put(w, tag, bytes, sizeof(bytes));
}

void
wire_put_text(struct wire_frame *w, uint16_t tag, const char *text)
{
	wire_put(w, tag, text, strlen(text));
}

bool
wire_end(struct wire_frame *w)
{
	if (w->b.failed)
		return false;
	set_number(&w->b.data[w->begin + 8], 4,
	    w->b.len - w->begin - WIRE_HEAD);
	return true;
}

void
wire_fini(struct wire_frame *w)
{
	buf_fini(&w->b);
	w->begin = 0;
}

void
wire_put_op(struct wire_frame *w, const struct cred_op *op)
{
	unsigned char head[WIRE_OP_HEAD];
	const bool value = op->kind != CRED_OP_DELETE;
	const struct wire_field parts[2] = {
		{ .data = head, .len = sizeof(head) },
		{ .data = op->data, .len = value ? op->len : 0 },
	};

	set_number(head, 4,
	    (uint64_t)op->kind | (op->override ? WIRE_OP_OVERRIDE : 0));
	set_number(&head[4], 4, (uint64_t)op->tag);
	set_number(&head[8], 4, (uint64_t)op->type);
	put_parts(w, WIRE_OP, parts);
}

bool
wire_op(const struct wire_field *f, struct cred_op *op)
{
	uint64_t kind, tag, type;

	if (f->len < WIRE_OP_HEAD)
		return false;
	kind = number(f->data, 4);
	op->override = (kind & WIRE_OP_OVERRIDE) != 0;
	kind &= ~(uint64_t)WIRE_OP_OVERRIDE;
	tag = number(&f->data[4], 4);
	type = number(&f->data[8], 4);
	if (kind > CRED_OP_DELETE || tag > INT32_MAX || type > INT32_MAX)
		return false;
	op->kind = (enum cred_op_kind)kind;
	op->tag = (int)tag;
	op->type = (int)type;
	op->data = &f->data[WIRE_OP_HEAD];
	op->len = f->len - WIRE_OP_HEAD;
	return true;
}

const char *
wire_level_name(uint32_t level)
{
	return level <= WIRE_LEVEL_FULL ? levels[level] : NULL;
}

int
wire_level_parse(const char *name)
{
	if (strcmp(name, "1") == 0)
		return WIRE_LEVEL_LOAD;
	for (int i = 0; i <= WIRE_LEVEL_FULL; i++) {
		if (strcmp(name, levels[i]) == 0)
			return i;
	}
	return -1;
}

/* Is that a directory of this user's?  Of another's, su may have left it. */
static bool
is_mine(const char *dir)
{
	struct stat st;

	return dir != NULL && dir[0] == '/' && stat(dir, &st) == 0 &&
	    S_ISDIR(st.st_mode) && st.st_uid == geteuid();
}

/* Blanks the slashes at the end, which would follow a symbolic link. */
static int
without_slashes(char *path, int n)
{
	while (n > 1 && path[n - 1] == '/')
		path[--n] = '\0';
	return n;
}

int
wire_dir(char *path, size_t size)
{
	const char *dir = config_secure("ZSOCK_CTL_DIR");
	const char *run = config_secure("XDG_RUNTIME_DIR");
	int n;

	if (dir != NULL && *dir != '\0')
		n = snprintf(path, size, "%s", dir);
	else if (is_mine(run))
		n = snprintf(path, size, "%s/zsock", run);
	else
		n = snprintf(path, size, "/tmp/zsock-%ju",
		    (uintmax_t)geteuid());
	return n > 0 && (size_t)n < size ? without_slashes(path, n) : n;
}
