#ifndef CRED_NEAR_H
#define CRED_NEAR_H

#include <stdbool.h>
#include <stddef.h>

#include "set.h"

/*
 * What a device has of a value that is nearly this one: another digest is that of
 * a form of it that tools and terminals make by mistake.  Writes what the device
 * did, as in "without the final NUL"; false if no form fits.
 */
bool near_find(const struct item *item, const char *digest, char *text,
    size_t size);

/*
 * What a modem keeps of a value that can be seen: PEM without its NUL.  It has a
 * digest of its own, "" when out of memory, and its bytes are those of item.
 */
struct item near_modem(const struct item *item);

#endif
