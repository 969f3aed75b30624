#ifndef SUPPORT_DPEER_SEAL_H
#define SUPPORT_DPEER_SEAL_H

#include "support/dpeer.h"

/*
 * A record of any content type by p's keys and with p's next number, which
 * OpenSSL does not use again; for suites of GCM, CCM and CCM_8 (RFC 5246
 * 6.2.3.3, RFC 6347 4.1).  Returns the length of the record in out, which has
 * room for len and 37 bytes.
 */
size_t dpeer_seal(struct dpeer *p, int type, const void *data, size_t len,
    unsigned char *out);

/* The same, sent as a datagram. */
void dpeer_send_record(struct dpeer *p, int type, const void *data, size_t len);

#endif
