#ifndef BASE_INLINE_H
#define BASE_INLINE_H

/*
 * For what lies between a call that moves data and the kernel: inline, also
 * where a compiler would spare the room.  Back from the kernel the processor
 * has forgotten where functions return to, and each one that does costs what
 * 20 instructions do.
 */
#define PATH_INLINE inline __attribute__((always_inline))

#endif
