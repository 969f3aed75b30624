#ifndef CRED_PLACE_PROCESS_H
#define CRED_PLACE_PROCESS_H

#include "place.h"

/* A living process as a STORE; as the place_ of the same name. */
struct process;

int process_open(const char *name, struct process **out);
void process_close(struct process *p);
int process_read(struct process *p, enum place_want want, int tag, int type,
    struct set *out);
int process_get(struct process *p, int tag, int type, struct item *out);
int process_apply(struct process *p, const struct place_change *c,
    struct place_result *r);

#endif
