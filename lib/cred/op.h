#ifndef CRED_OP_H
#define CRED_OP_H

#include <stdbool.h>
#include <stddef.h>

/*
 * One change to a set of credentials, be it a file's or a process's.  Of
 * several, all are done or none.
 */
enum cred_op_kind {
	CRED_OP_ADD,    /* -EEXIST if (tag, type) is held */
	CRED_OP_PUT,    /* added, or the value replaced */
	CRED_OP_DELETE, /* -ENOENT if it is not held */
};

struct cred_op {
	enum cred_op_kind kind;
	int tag;
	int type;                  /* enum cred_type */
	const unsigned char *data; /* the caller's; not used by a delete */
	size_t len;
	bool override; /* in a process: a decree from then on; see store.h */
};

/* What one of them has done, or would do. */
enum cred_deed {
	CRED_SAME, /* put with the value that was held */
	CRED_ADDED,
	CRED_REPLACED,
	CRED_DELETED,
};

/* What a list of them has done, or would do. */
struct cred_op_count {
	size_t added, replaced, deleted;
	size_t same; /* put with the value that was held */
};

#endif
