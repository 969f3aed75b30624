#ifndef CRED_PROCESS_ASK_H
#define CRED_PROCESS_ASK_H

#include "cred/op.h"
#include "place_process.h"
#include "process_link.h"

struct process {
	const char *typed; /* "@fw"; for messages */
	char dir[PATH_MAX];
	char name[NAME_MAX + 1]; /* of the socket there */
	bool elsewhere;          /* its path was given */
	struct link link;
	struct place_process self;
};

/* Connects to dir/name and greets; an outcome. */
int process_connect(struct process *p, struct deadline until);

/* The outcome of a negative errno of a link's, said. */
int process_lost(const struct process *p, int rc);

/*
 * Sends a request and wipes it; an outcome.  A connection that the process has
 * closed since it was last used is made again.
 */
int process_begin(struct process *p, struct wire_frame *w, enum wire_type type);
int process_send(struct process *p, struct wire_frame *w,
    struct deadline until);

/*
 * The next frame of the answer, which is of one of two types, or an ERROR; *error
 * is its positive errno then, else 0.  An outcome, that of a lost connection.
 */
int process_next(struct process *p, struct deadline until,
    const enum wire_type types[2], int *error);

/* Says why the process has refused: an outcome.  Of ops it names which. */
int process_refused(const struct process *p, int error, const char *what,
    const struct cred_op *ops, size_t n);

#endif
