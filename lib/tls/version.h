#ifndef TLS_VERSION_H
#define TLS_VERSION_H

#include <stdbool.h>

#include <openssl/ssl.h>

/* Versions as OpenSSL and the protocol number them; DTLS counts downwards. */

static inline bool
tls_version_is_dgram(int version)
{
	return version >> 8 == DTLS1_VERSION_MAJOR;
}

static inline bool
tls_version_is_1_3(int version)
{
	return version >= TLS1_3_VERSION && !tls_version_is_dgram(version);
}

/* Both are of TLS, or both of DTLS. */
static inline bool
tls_version_is_older(int version, int than)
{
	return tls_version_is_dgram(version) ? version > than : version < than;
}

#endif
