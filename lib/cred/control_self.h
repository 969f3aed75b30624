#ifndef CRED_CONTROL_SELF_H
#define CRED_CONTROL_SELF_H

#include <stdbool.h>

#include "cred/control_answer.h"

/*
 * A table of descriptors for the calling thread alone: the program's numbers,
 * what it closes and whom it forks are its own affair then.  False: a sandbox
 * forbids it, or the kernel is too old.
 */
bool control_self_leave_table(void);

/* Its pid and program, and its name if it has none yet. */
void control_self_describe(struct control_self *self);

#endif
