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
 * The digest of PEM as a modem keeps it, which has no NUL; of other values that of
 * the value.  False when out of memory.
 */
bool near_modem(const struct item *item, char digest[BUNDLE_DIGEST_SIZE]);

#endif
