#include "sock/kinds.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>

#include "sock/native.h"
#include "sock/raw.h"
#include "sock/tls_sock.h"

/* One row per kind: the protocols from first to last belong to it. */
static const struct kind {
	int type;
	int first, last;
	int (*open)(int family, int type, int proto, struct zsock **out);
} kinds[] = {
	{ SOCK_STREAM, 0, 0, native_open },
	{ SOCK_STREAM, IPPROTO_TCP, IPPROTO_TCP, native_open },
	{ SOCK_STREAM, KINDS_TLS_1_0, KINDS_TLS_1_3, tls_stream_open },
	{ SOCK_DGRAM, 0, 0, native_open },
	{ SOCK_DGRAM, IPPROTO_UDP, IPPROTO_UDP, native_open },
	{ SOCK_RAW, INT_MIN, INT_MAX, raw_open },
};

int
kinds_check_family(int family)
{
	return family == AF_INET || family == AF_INET6 ? 0 : -EAFNOSUPPORT;
}

int
kinds_open(int family, int type, int proto, struct zsock **out)
{
	int rc = -EPROTOTYPE;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].type != type)
			continue;
		if (proto >= kinds[i].first && proto <= kinds[i].last)
			return kinds[i].open(family, type, proto, out);
		rc = -EPROTONOSUPPORT;
	}
	return rc;
}
