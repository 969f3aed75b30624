#ifndef SOCK_SOCKS_H
#define SOCK_SOCKS_H

#include "sock/native.h"

/*
 * Asks the SOCKS5 server (RFC 1928) that n is connected to for a connection to
 * addr, without authentication, and waits for its answer until the deadline.
 * On success n carries what that peer sends and receives.
 *
 * Returns 0, or -ETIMEDOUT (no answer in time), -ECONNREFUSED, -ENETUNREACH,
 * -EHOSTUNREACH, -EACCES (the server's answer), -ECONNABORTED (it is no SOCKS5
 * server, wants authentication, or ended the connection), each with a line in
 * the log.
 */
int socks_connect(struct native *n, const struct sockaddr *addr,
    struct deadline until);

#endif
