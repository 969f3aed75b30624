#ifndef TLS_HINT_H
#define TLS_HINT_H

#include <stdbool.h>
#include <stddef.h>

#include "tls/verdict.h"

/*
 * What a person may have missed, where the reason of a failure or the peer's
 * alert does not say it: the rest of a sentence, or empty.
 */
void tls_hint(const struct verdict_case *c, char *buf, size_t size);

/*
 * Did the server show a certificate, which was refused, to a client that
 * offered a pre-shared key?
 */
bool tls_hint_prefers_certificate(const struct verdict_case *c);

#endif
