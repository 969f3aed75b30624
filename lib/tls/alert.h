#ifndef TLS_ALERT_H
#define TLS_ALERT_H

#include "tls/settings.h"

/* The number of the peer's alert in OpenSSL's packed error code, or -1. */
int tls_alert_of(unsigned long ssl_error);

/* Its name in the words of RFC 8446, "handshake failure". */
const char *tls_alert_name(int alert);

/*
 * What the peer means by it, to one who may have shown a certificate: the rest
 * of a sentence, or NULL if the name says it all.
 */
const char *tls_alert_hint(int alert, enum tls_role role, bool shown);

#endif
