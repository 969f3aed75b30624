/*
 * Calls of setsockopt and getsockopt, on every kind of socket.  The input is a
 * row of calls: the socket, the level, the option, the length and the value,
 * of which no call may use more than it has.
 */
#include "support/test.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/profile.h"
#include "cred/store.h"
#include "sock/call.h"
#include "sock/kinds.h"
#include "sock/tls_names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SOCKETS 6
#define HEAD 6

static const int levels[] = { SOL_SOCKET, IPPROTO_TCP, IPPROTO_IP, IPPROTO_IPV6,
	TLS_LEVEL, 4242 };

static void
open_all(int sockets[SOCKETS])
{
	struct sockaddr_in any = { .sin_family = AF_INET };

	sockets[0] = call_socket(AF_INET, SOCK_STREAM, KINDS_TLS_1_2);
	sockets[1] = call_socket(AF_INET6, SOCK_STREAM, KINDS_TLS_1_3);
	sockets[2] = call_socket(AF_INET, SOCK_STREAM, 0);
	sockets[3] = call_socket(AF_INET6, SOCK_STREAM, 0);
	sockets[4] = call_socket(AF_INET, SOCK_DGRAM, 0);
	sockets[5] = call_socket(AF_INET6, SOCK_DGRAM, 0);
	any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	(void)call_bind(sockets[0], (struct sockaddr *)&any, sizeof(any));
	(void)call_listen(sockets[0], 1);
}

/* A copy of exact size, so that a byte too much is seen; a NUL ends it. */
static size_t
one_call(const int sockets[SOCKETS], const uint8_t *data, size_t size)
{
	const int sock = sockets[data[0] % SOCKETS];
	const int level = levels[data[1] % LEN(levels)];
	const int name = data[2];
	const bool null = (data[3] & 1) != 0, set = (data[3] & 2) != 0;
	const size_t len = data[4] < size - HEAD ? data[4] : size - HEAD;
	socklen_t room = data[5] & 1 ? (socklen_t)len : data[4];
	char *value = malloc(len + 1);

	assert_non_null(value);
	memcpy(value, data + HEAD, len);
	value[len] = '\0';
	if (set)
		(void)call_setsockopt(sock, level, name, null ? NULL : value,
		    room <= len ? room : (socklen_t)len);
	else
		(void)call_getsockopt(sock, level, name, null ? NULL : value,
		    room <= len ? &room : NULL);
	free(value);
	return HEAD + len;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int sockets[SOCKETS];

	if (size < 1)
		return 0;
	profile_set((enum profile)(data[0] % PROFILE_COUNT));
	open_all(sockets);
	data++;
	size--;
	while (size >= HEAD) {
		const size_t n = one_call(sockets, data, size);

		data += n;
		size -= n;
	}
	for (int i = 0; i < SOCKETS; i++)
		assert_int_equal(call_close(sockets[i]), 0);
	return 0;
}
