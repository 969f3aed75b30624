#ifndef CRED_WIRE_H
#define CRED_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cred/op.h"

/*
 * Frames of the control protocol, zsock-control(7), for both of its ends.  All
 * numbers are big-endian.  A frame is "ZC", version, type, id of 4 bytes,
 * length of 4 bytes, and that many bytes of fields; a field is a tag of 2
 * bytes, a length of 4 bytes and its bytes.  What must be understood has bit 15
 * of its tag set.
 */
#define WIRE_HEAD 12
#define WIRE_VERSION 1
#define WIRE_LEN_MAX ((size_t)6 << 20)
#define WIRE_CRITICAL 0x8000

enum wire_type {
	WIRE_HELLO = 1,
	WIRE_LIST = 2,
	WIRE_GET = 3,
	WIRE_APPLY = 4,
	WIRE_HELLO_OK = 129,
	WIRE_ITEM = 130,
	WIRE_DONE = 131,
	WIRE_VALUE = 132,
	WIRE_APPLIED = 133,
	WIRE_ERROR = 255,
};

/* Fields; in brackets what they hold: u32, u64, text without NUL, bytes. */
enum wire_tag {
	WIRE_CLIENT = 1,      /* [text] name of the client */
	WIRE_MAX_VERSION = 2, /* [u32] */
	WIRE_PID = 3,         /* [u32] */
	WIRE_NAME = 4,        /* [text] ZSOCK_CTL_NAME or comm */
	WIRE_EXE = 5,         /* [text] path of the program */
	WIRE_LEVEL = 6,       /* [u32] enum wire_level */
	WIRE_GENERATION = 7,  /* [u64] of the store */
	WIRE_COUNT = 8,       /* [u32] credentials held */
	WIRE_LIMIT = 9,       /* [u32] how many may be held; absent: no limit */
	WIRE_FEATURES = 10,   /* [u32] none yet */
	WIRE_SEC_TAG = 11,    /* [u32] */
	WIRE_CRED_TYPE = 12,  /* [u32] enum cred_type */
	WIRE_LENGTH = 13,     /* [u32] bytes of a value */
	WIRE_DIGEST = 14,     /* [text] base64 of SHA-256 */
	WIRE_ERRNO = 15,      /* [u32] positive, Linux's number */
	WIRE_ORIGIN = 16,     /* [u32] enum cred_origin */
	WIRE_OVERRIDE = 17,   /* [u32] 1: the program's add is ignored */
	WIRE_BYTES = 18,      /* [bytes] a value */
	WIRE_ERROR_NAME = 19, /* [text] "EEXIST" */
	WIRE_OP_INDEX = 20,   /* [u32] which change failed, from 0 */
	WIRE_TEXT = 21,       /* [text] a sentence */
	WIRE_MIN_VERSION = 22, /* [u32] */
	WIRE_ADDED = 23,       /* [u32] */
	WIRE_REPLACED = 24,    /* [u32] */
	WIRE_DELETED = 25,     /* [u32] */
	WIRE_SAME = 26,        /* [u32] */
	WIRE_OPEN_TAG = 27,    /* [u32] a changed tag that open sockets use */
	WIRE_SESSIONS = 28, /* [u32] cached TLS sessions; absent: not counted */
	WIRE_SERIAL = 29,   /* [u64] unique to a value in its process */
	/* Of an APPLY; an older server must not overlook them. */
	WIRE_IF_GENERATION = WIRE_CRITICAL | 64, /* [u64] */
	WIRE_DRY_RUN = WIRE_CRITICAL | 65,       /* [u32] 1 */
	/* [bytes] an op: kind, sec-tag, type (u32 each), then the value. */
	WIRE_OP = WIRE_CRITICAL | 66,
};

enum wire_level {
	WIRE_LEVEL_OFF = 0,
	WIRE_LEVEL_LIST = 1,
	WIRE_LEVEL_LOAD = 2,
	WIRE_LEVEL_FULL = 3,
};

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
	unsigned char *data;   /* the fields: head.len bytes of a whole frame */
	unsigned char bytes[WIRE_HEAD];
	size_t got; /* of head and fields */
	size_t room;
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
 * Frames in the making, one behind the other.  A put that has no memory, or
 * makes a frame longer than WIRE_LEN_MAX, marks it as failed, and so the last
 * step tells.
 */
struct wire_frame {
	unsigned char *data;
	size_t len, room;
	size_t begin; /* of the frame at hand */
	bool failed;
};
void wire_begin(struct wire_frame *w, enum wire_type type, uint32_t id);
void wire_put(struct wire_frame *w, uint16_t tag, const void *data, size_t len);
void wire_put_u32(struct wire_frame *w, uint16_t tag, uint32_t v);
void wire_put_u64(struct wire_frame *w, uint16_t tag, uint64_t v);
void wire_put_text(struct wire_frame *w, uint16_t tag, const char *text);
/*
 * An op, the kind of which may have WIRE_OP_OVERRIDE added to it: its data are
 * not copied by the one, and copied by the other.  False: it is none.
 */
#define WIRE_OP_HEAD 12
#define WIRE_OP_OVERRIDE 0x100
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
