#ifndef CRED_WIRE_NUMBERS_H
#define CRED_WIRE_NUMBERS_H

#include <stddef.h>

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

/*
 * The kind of an op may have this added to it, and before its value are its kind,
 * sec-tag and type.
 */
#define WIRE_OP_HEAD 12
#define WIRE_OP_OVERRIDE 0x100

#endif
