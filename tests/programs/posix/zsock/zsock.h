#ifndef POSIX_ZSOCK_ZSOCK_H
#define POSIX_ZSOCK_ZSOCK_H

#include <stdbool.h>
#include <stdio.h>

#include <zephyr/net/socket.h>

/* What libzsock adds to Zephyr, as far as the socket's options know it. */

static inline int
posix_suite(int sock)
{
	int suite = 0;
	socklen_t len = sizeof(suite);

	if (getsockopt(sock, ZSOCK_SOL_TLS, ZSOCK_TLS_CIPHERSUITE_USED, &suite,
	        &len) != 0)
		return -1;
	return suite;
}

/* Suites of 1.3 are 0x13 and a byte; NULL is no handshake yet. */
static inline const char *
zsock_tls_version(int sock)
{
	const int suite = posix_suite(sock);
	int type = SOCK_STREAM;
	socklen_t len = sizeof(type);

	if (suite < 0 ||
	    getsockopt(sock, SOL_SOCKET, SO_TYPE, &type, &len) != 0)
		return NULL;
	if (type == SOCK_DGRAM)
		return "DTLSv1.2";
	return suite >> 8 == 0x13 ? "TLSv1.3" : "TLSv1.2";
}

static inline const char *
zsock_tls_ciphersuite(int sock)
{
	static char text[16];
	const int suite = posix_suite(sock);

	if (suite < 0)
		return NULL;
	snprintf(text, sizeof(text), "0x%04x", (unsigned int)suite);
	return text;
}

/* The reason is in the library's log. */
static inline int
zsock_error_text(int sock, char *buf, size_t size)
{
	(void)sock;
	(void)buf;
	(void)size;
	return 0;
}

#endif
