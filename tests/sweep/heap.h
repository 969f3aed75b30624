#ifndef SWEEP_HEAP_H
#define SWEEP_HEAP_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A malloc of the program's own, under a sanitizer too: it knows every block of
 * the process by who has asked for it, and can refuse one.  What libc, OpenSSL
 * and the library allocate all comes through here.
 */
enum heap_owner {
	HEAP_LIBRARY, /* its objects are linked into the program */
	HEAP_OPENSSL,
	HEAP_LIBC, /* and all others */
	HEAP_OWNERS
};

/*
 * Allocations are counted from here on; the nth is refused, none if n is 0.
 * Those of threads that have said heap_ignore do not count.
 */
void heap_arm(long nth);

/* No longer; how many there were. */
long heap_disarm(void);

/* Whether one was refused since heap_arm, and in which thread's side. */
bool heap_refused(int *side);

/* Who made the nth of the last count. */
enum heap_owner heap_owner_of(long n);

/* The calling thread is one of a side, or (true) not to be counted at all. */
void heap_side(int side);
void heap_ignore(bool is);

/* Blocks that are not freed. */
long heap_blocks(enum heap_owner owner);

/* A point in time, and what came since and was not freed, on stderr. */
unsigned heap_mark(void);
void heap_tell_since(unsigned mark);

#endif
