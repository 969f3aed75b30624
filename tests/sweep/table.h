#ifndef SWEEP_TABLE_H
#define SWEEP_TABLE_H

#include <stdbool.h>

/*
 * A kernel table whose calls sleep by turns.h, are counted, and of which one can
 * fail.  It goes to libc for everything else.
 */
enum fault {
	FAULT_NONE,
	FAULT_EINTR,
	FAULT_EAGAIN,
	FAULT_SHORT, /* one byte */
	FAULT_ENOBUFS,
	FAULT_ECONNRESET,
	FAULT_ENOMEM,
	FAULT_EMFILE,
	FAULTS
};

extern const char *const fault_names[FAULTS];

/* The errno of one; 0 of those that have none. */
int fault_errno(enum fault f);

void table_install(void);

/*
 * Calls are counted from here on, and the nth has the fault, unless such a call
 * never has: EAGAIN is of those that may not wait, short counts are of streams.
 */
void table_arm(long nth, enum fault f);

/* No longer; how many there were. */
long table_disarm(void);

/* May the nth call of the last count have it? */
bool table_can(long n, enum fault f);

/* Did the fault come about, in which call, on which side? */
bool table_fired(const char **call, int *side);

#endif
