#ifndef CRED_LENT_H
#define CRED_LENT_H

#include "cred/store.h"

/*
 * The device keeps the pointer that tls_credential_add was given, the library a
 * copy.  Warns, once for each credential, of those of which the program's own
 * buffer has other bytes by now: on the device they would count.  No locks are
 * held; a buffer that is gone is no harm.
 */
void lent_look(const struct cred_set *set);

#endif
