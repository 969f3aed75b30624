#ifndef CRED_PROCESS_FIND_H
#define CRED_PROCESS_FIND_H

#include "base/deadline.h"
#include "cred/control_dir.h"
#include "place.h"

/* A name in the directory of control sockets behind which somebody lives. */
struct found {
	struct place_process process;
	char name[NAME_MAX + 1]; /* of the socket */
	int rc; /* 0: it has said HELLO; -EPERM: another user's; or why not */
};

struct crowd {
	char dir[PATH_MAX];
	struct found *list; /* by pid */
	size_t n;
};

/*
 * All of them, or that of a pid only, by the deadline.  Names of the dead are
 * removed.  An outcome, said unless it is DONE; no directory is nobody.
 */
int crowd_gather(struct crowd *c, pid_t pid, struct deadline until);
void crowd_fini(struct crowd *c);

/* May it be told secrets, and believed? */
bool crowd_trusts(uid_t uid);

#endif
