#include "sock/kinds.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "base/profile.h"
#include "sock/dtls.h"
#include "sock/native.h"
#include "sock/raw.h"
#include "sock/tls_sock.h"

typedef int opener(int family, int type, int proto, struct zsock **out);

/* One row per kind: the protocols from first to last belong to it. */
static const struct kind {
	int type;
	int first, last;
	opener *open;
} kinds[] = {
	{ SOCK_STREAM, 0, 0, native_open },
	{ SOCK_STREAM, IPPROTO_TCP, IPPROTO_TCP, native_open },
	{ SOCK_STREAM, KINDS_TLS_1_0, KINDS_TLS_1_3, tls_stream_open },
	{ SOCK_DGRAM, 0, 0, native_open },
	{ SOCK_DGRAM, IPPROTO_UDP, IPPROTO_UDP, native_open },
	{ SOCK_DGRAM, KINDS_DTLS_1_0, KINDS_DTLS_1_2, dtls_open },
	{ SOCK_RAW, INT_MIN, INT_MAX, raw_open },
};

int
kinds_check_family(int family)
{
	if (quirk(QUIRK_SOCKET_ARGUMENTS) == 0)
		return 0; /* the kernel will look */
	return family == AF_INET || family == AF_INET6 ? 0 : -EAFNOSUPPORT;
}

/* What opens a secure socket, or NULL if it is none. */
static opener *
secure_opener(int type, int proto)
{
	if (type == SOCK_STREAM && proto >= KINDS_TLS_1_0 &&
	    proto <= KINDS_TLS_1_3)
		return tls_stream_open;
	if (type == SOCK_DGRAM && proto >= KINDS_DTLS_1_0 &&
	    proto <= KINDS_DTLS_1_2)
		return dtls_open;
	return NULL;
}

/* What is not secure is the kernel's, and so are the answers. */
static int
open_kernels(int family, int type, int proto, struct zsock **out)
{
	const int kind = type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
	opener *secure = secure_opener(kind, proto);
	int rc;

	if (secure != NULL)
		rc = family == AF_INET || family == AF_INET6
		    ? secure(family, kind, proto, out)
		    : -EAFNOSUPPORT;
	else
		rc = native_open(family, kind, proto, out);
	if (rc < 0 || (type & SOCK_NONBLOCK) == 0)
		return rc;
	rc = native_set_nonblock((*out)->kfd, true);
	if (rc < 0)
		sock_put(*out);
	return rc;
}

int
kinds_open(int family, int type, int proto, struct zsock **out)
{
	int rc = -EPROTOTYPE;

	if (quirk(QUIRK_SOCKET_ARGUMENTS) == 0)
		return open_kernels(family, type, proto, out);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].type != type)
			continue;
		if (proto >= kinds[i].first && proto <= kinds[i].last)
			return kinds[i].open(family, type, proto, out);
		rc = -EPROTONOSUPPORT;
	}
	return rc;
}
