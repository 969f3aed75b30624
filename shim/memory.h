#ifndef SHIM_MEMORY_H
#define SHIM_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Which addresses a name has had, for the rules by name: it only grows, so that
 * no lock is needed to read it, and a connection is never plain because its
 * address has been forgotten.
 */

/* Of the rule of that index; an address that is known is not added again.  0,
 * or -ENOMEM. */
int memory_add(int rule, const uint8_t address[16]);
bool memory_has(int rule, const uint8_t address[16]);

#endif
