#ifndef CRED_CONTROL_REQUEST_H
#define CRED_CONTROL_REQUEST_H

#include "cred/op.h"
#include "cred/wire.h"

/* The fields of a request, whatever it asks for. */
struct control_request {
	const struct wire_head *head;
	bool unknown;    /* it has one that must be understood, and is not */
	const char *bad; /* what is wrong with one of them, or NULL */
	bool has_tag, has_type, has_max_version, has_generation;
	uint32_t tag, type;
	uint32_t max_version, min_version;
	uint64_t generation;
	bool dry_run;
	struct cred_op *ops; /* in the frame's own bytes */
	size_t n, room;
};

/* 0, -EPROTO (no list of fields) or -ENOMEM; fini is due in any case. */
int control_request_read(const struct wire_head *head,
    const unsigned char *fields, struct control_request *r);
void control_request_fini(struct control_request *r);

/* The answer ERROR, with a positive errno; 0 or -ENOMEM. */
int control_refuse(const struct control_request *r, int error, const char *text,
    struct wire_frame *out);
/* The same for the op of that index. */
int control_refuse_op(const struct control_request *r, int error,
    const char *text, size_t op, struct wire_frame *out);

#endif
