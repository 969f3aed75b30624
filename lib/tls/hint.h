#ifndef TLS_HINT_H
#define TLS_HINT_H

#include <stddef.h>

#include "tls/verdict.h"

/*
 * What a person may have missed, where the reason of a failure or the peer's
 * alert does not say it: the rest of a sentence, or empty.
 */
void tls_hint(const struct verdict_case *c, char *buf, size_t size);

#endif
