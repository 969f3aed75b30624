#ifndef CRED_PROCESS_LINK_H
#define CRED_PROCESS_LINK_H

#include <sys/types.h>

#include "base/deadline.h"
#include "cred/control_dir.h"
#include "cred/wire.h"
#include "place.h"

/* A connection to the control socket of a process.  Says nothing. */
struct link {
	int fd;
	uid_t uid; /* the server's, as the kernel has it */
	pid_t pid;
	uint32_t id; /* of the last request */
	struct wire_reader in;
};

/*
 * Connects to a name in a directory.  -ECONNREFUSED and -ENOENT: nobody is
 * there; -ETIMEDOUT: nobody has taken the connection; or what the kernel says.
 * A deadline that is over tries once.
 */
int link_connect(struct link *l, const struct control_dir *d, const char *name,
    struct deadline until);
void link_close(struct link *l);

/* Begins a request. */
void link_begin(struct link *l, struct wire_frame *w, enum wire_type type);
/* Ends it, sends all of it, and wipes it.  -EFBIG: it is too long. */
int link_send(struct link *l, struct wire_frame *w, struct deadline until);

/*
 * The next frame of the answer is in l->in.  0, -ETIMEDOUT, -ECONNRESET (the
 * connection is over), -EPROTO (no frame, or of another request), -ENOMEM.
 */
int link_receive(struct link *l, struct deadline until);

/* The fields of the frame in l->in, from *at = 0 on: as wire_next. */
int link_field(const struct link *l, size_t *at, struct wire_field *f);

/* The server has closed the connection, and nothing is left of it. */
bool link_is_over(const struct link *l);

/*
 * HELLO: -EPROTONOSUPPORT if there is no common version; else as above.  All but
 * the path of out is filled in.
 */
int link_greet(struct link *l, struct deadline until);
int link_greeted(struct link *l, struct deadline until,
    struct place_process *out);

#endif
