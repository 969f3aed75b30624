#ifndef SOCK_KINDS_H
#define SOCK_KINDS_H

#include "sock/sock.h"

/* Protocol numbers that are Zephyr's own and never reach the kernel. */
enum {
	KINDS_TLS_1_0 = 256,
	KINDS_TLS_1_1 = 257,
	KINDS_TLS_1_2 = 258,
	KINDS_TLS_1_3 = 259,
	KINDS_DTLS_1_0 = 272,
	KINDS_DTLS_1_2 = 273,
};

/* -EAFNOSUPPORT unless sockets of this family exist. */
int kinds_check_family(int family);

/*
 * Open a socket of the kind that (type, proto) names.  -EPROTOTYPE for a type
 * that does not exist, -EPROTONOSUPPORT for a protocol that the type does not
 * have, or what opening it answers.
 */
int kinds_open(int family, int type, int proto, struct zsock **out);

#endif
