#ifndef CRED_WIRE_H
#define CRED_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cred/buf.h"
#include "cred/op.h"
#include "cred/wire_numbers.h"

/* Frames of the control protocol, read and written. */

struct wire_head {
	uint8_t version, type;
	uint32_t id;
	uint32_t len;
};

/* False: not "ZC", or longer than a frame may be. */
bool wire_read_head(const unsigned char bytes[WIRE_HEAD], struct wire_head *h);

/* The fields of a frame, one after the other. */
struct wire_field {
	uint16_t tag;
	const unsigned char *data;
	size_t len;
};
/* 1: *f is the next, and *at behind it; 0: no more; -EINVAL: cut short. */
int wire_next(const unsigned char *data, size_t len, size_t *at,
    struct wire_field *f);

/*
 * A frame as it arrives.  Its memory grows with what has come, not with the
 * length that its head speaks of, and is wiped.
 */
struct wire_reader {
	struct wire_head head; /* of a whole frame, or once the head is there */
	struct buf body;       /* the fields: head.len bytes of a whole frame */
	unsigned char bytes[WIRE_HEAD];
	size_t got; /* of the head */
};
/* Where the next bytes go, at most *len of them; NULL: out of memory. */
unsigned char *wire_read_room(struct wire_reader *r, size_t *len);
/* n more are there.  1: the frame is whole; 0: not yet; -EPROTO: it is none. */
int wire_read(struct wire_reader *r, size_t n);
/* Wipes and frees it, for the next one. */
void wire_read_fini(struct wire_reader *r);

/* False if it has another length. */
bool wire_u32(const struct wire_field *f, uint32_t *v);
bool wire_u64(const struct wire_field *f, uint64_t *v);
/* Copies a text that fits into size bytes and has no NUL; else false. */
bool wire_text(const struct wire_field *f, char *out, size_t size);

/*
 * Of the fields of a whole frame those that are wanted, each where it is to go;
 * one that is not there leaves that as it was.  False: they are cut short, or one
 * has another length.
 */
struct wire_want {
	uint16_t tag;
	uint32_t *u32; /* one of these three is not NULL */
	uint64_t *u64;
	struct wire_field *bytes;
};
bool wire_pick(const struct wire_reader *r, const struct wire_want *wants,
    size_t n);

/*
 * Frames in the making, one behind the other.  A put that has no memory, or
 * makes a frame longer than WIRE_LEN_MAX, marks it as failed, and so the last
 * step tells.
 */
struct wire_frame {
	struct buf b;
	size_t begin; /* of the frame at hand */
};
void wire_begin(struct wire_frame *w, enum wire_type type, uint32_t id);
void wire_put(struct wire_frame *w, uint16_t tag, const void *data, size_t len);
void wire_put_u32(struct wire_frame *w, uint16_t tag, uint32_t v);
void wire_put_u64(struct wire_frame *w, uint16_t tag, uint64_t v);
void wire_put_text(struct wire_frame *w, uint16_t tag, const char *text);
/*
 * An op: its data are not copied by the one, and copied by the other.  False: it
 * is none.
 */
bool wire_op(const struct wire_field *f, struct cred_op *op);
void wire_put_op(struct wire_frame *w, const struct cred_op *op);
/* Fills in the length; false if the frame, or one before it, has failed. */
bool wire_end(struct wire_frame *w);
/* Wipes and frees all. */
void wire_fini(struct wire_frame *w);

/* "list" ..., or NULL; and the other way round, -1 if it is no level's name. */
const char *wire_level_name(uint32_t level);
int wire_level_parse(const char *name);

/*
 * Where the sockets of this user's processes are: $ZSOCK_CTL_DIR, else
 * $XDG_RUNTIME_DIR/zsock if that directory is this user's, else
 * /tmp/zsock-<euid>.  Returns its length as snprintf does.
 */
int wire_dir(char *path, size_t size);

#endif
