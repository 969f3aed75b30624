#ifndef CRED_CONTROL_ANSWER_H
#define CRED_CONTROL_ANSWER_H

#include <sys/types.h>

#include "cred/wire.h"

/* What a process says of itself to whoever has connected. */
struct control_self {
	enum wire_level level;
	pid_t pid;
	char name[64];
	char exe[256];
};

/* Who asks, as the kernel has it. */
struct control_peer {
	uid_t uid;
	pid_t pid;
	const struct control_self *self;
};

/* The most changes of one APPLY. */
#define CONTROL_OPS_MAX 4096

/*
 * Answers one request of head->len bytes of fields: appends frames to out, and
 * does what the request wants.  No descriptor is used.  Returns 0, -EPROTO
 * (what came is no list of fields, so the connection ends) or -ENOMEM.
 */
int control_answer(const struct wire_head *head, const unsigned char *fields,
    const struct control_peer *peer, struct wire_frame *out);

#endif
