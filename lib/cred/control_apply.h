#ifndef CRED_CONTROL_APPLY_H
#define CRED_CONTROL_APPLY_H

#include "cred/control_answer.h"
#include "cred/control_request.h"

/* The answer to an APPLY: its changes are made, all of them or none. */
int control_apply(const struct control_request *r,
    const struct control_peer *peer, struct wire_frame *out);

#endif
