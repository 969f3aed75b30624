#ifndef SHIM_SLOTS_H
#define SHIM_SLOTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "shim/core.h"

/*
 * Which descriptors are the core's.  Empty until it is there, and then its own
 * table.
 */

extern const _Atomic(void *) *slots_table;
extern atomic_size_t slots_n;

/* The core, or NULL as long as it has not been needed. */
extern _Atomic(const struct core *) slots_core;

/* No descriptor of the core's has been this or above. */
extern atomic_int slots_top;

/* Takes note of a descriptor that the core has given out, or -1. */
int slots_new(int fd);

/* Closes a descriptor of the core's.  0, or -1 and errno; it is free. */
int slots_close(int fd);

/* Has fd a place?  It may be one that nobody has told the shim is free. */
static inline bool
slots_may(int fd)
{
	const size_t n = atomic_load_explicit(&slots_n, memory_order_acquire);

	return __builtin_expect((unsigned int)fd < n, 0) &&
	    atomic_load_explicit(&slots_table[fd], memory_order_acquire) !=
	    NULL;
}

/* Is it the core's, given that slots_may?  Drops a place that is stale. */
bool slots_confirm(int fd);

static inline bool
slots_has(int fd)
{
	return slots_may(fd) && slots_confirm(fd);
}

/*
 * Has fd ever been the core's, or a copy that slots_note was told of?  If not,
 * it is no secure connection of this process's, whatever has become of its
 * place; so that the kernel need not be asked.
 */
#define SLOTS_NOTED 4096 /* beyond, it may have been */
extern atomic_uchar slots_past[SLOTS_NOTED / 8];

static inline bool
slots_was(int fd)
{
	return slots_core != NULL &&
	    ((unsigned int)fd >= SLOTS_NOTED ||
	        (atomic_load_explicit(&slots_past[fd / 8],
	             memory_order_relaxed) &
	            1u << fd % 8) != 0);
}

/* Takes note of it; answers fd, which may be -1. */
int slots_note(int fd);

/* Is fd a secure connection or listener, of this process or of another one? */
bool slots_tagged_secure(int fd);

static inline bool
slots_is_secure(int fd)
{
	return slots_core != NULL && slots_tagged_secure(fd);
}

/*
 * Is this a child of vfork?  It has the memory of its parent, but descriptors of
 * its own: what it does to them does not concern the table.
 */
bool slots_vforked(void);

/* Has the core ever had a descriptor that the program does not know of? */
static inline bool
slots_hide_some(void)
{
	const struct core *core = slots_core;

	return core != NULL &&
	    atomic_load_explicit(core->hides, memory_order_relaxed);
}

/* Is fd such a one? */
static inline bool
slots_hidden(int fd)
{
	return slots_hide_some() && fd >= 0 &&
	    slots_core->hidden((unsigned int)fd, (unsigned int)fd) != -1;
}

/* Stops, while n goes up, that places are dropped. */
void slots_freeze(bool is);

/* The core is there.  Called by one thread. */
void slots_begin(const struct core *core);

/* To be called before slots_begin: what tells a child of fork.  0 or -ENOMEM. */
int slots_watch_forks(void);

#endif
