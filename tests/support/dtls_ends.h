#ifndef SUPPORT_DTLS_ENDS_H
#define SUPPORT_DTLS_ENDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "support/loop.h"

/*
 * Secure datagram sockets of the library on loopback, a server and as many
 * clients as a test wants.  A step that cannot be taken fails the test.
 */

/* What start stores: LOOP_CA_TAG, LOOP_SERVER_TAG, and a key under this. */
#define DTLS_ENDS_PSK_TAG 3

/* TLS_PSK_WITH_AES_128_CCM_8, as devices speak it. */
#define DTLS_ENDS_CCM_8 0xc0a8

/* Credentials, and a quiet log; for group fixtures. */
int dtls_ends_start(void **state);
int dtls_ends_stop(void **state);

/*
 * A server on a loopback port of the kernel's, with both credentials; its
 * address in *addr.
 */
int dtls_ends_server(struct sockaddr_in *addr);

/* A client with the key, or one that trusts the CA; not connected. */
int dtls_ends_client(bool psk);

int dtls_ends_connect(int sock, const struct sockaddr_in *addr);

/* Options of SOL_TLS. */
void dtls_ends_set_int(int sock, int name, int value);
void dtls_ends_timeouts(int sock, uint32_t min_ms, uint32_t max_ms);

/* O_NONBLOCK. */
void dtls_ends_nonblock(int sock);

/* A datagram, or a negative errno. */
ssize_t dtls_ends_send(int sock, const void *data, size_t len);
ssize_t dtls_ends_recv(int sock, void *data, size_t len, int flags);

/* The revents of one socket. */
short dtls_ends_poll(int sock, short events, int timeout_ms);

/* What a server answers recvfrom with, and whom it was from. */
ssize_t dtls_ends_recvfrom(int sock, void *data, size_t len, int flags,
    struct sockaddr_in *from);

/* How many sessions the socket has. */
size_t dtls_ends_sessions(int sock);

/* A datagram socket of the kernel's, bound to a loopback port. */
int dtls_ends_raw(struct sockaddr_in *addr);

/*
 * A blocking connect against a server that only this call polls; 0 or the
 * negative errno that connect answered.
 */
int dtls_ends_meet(int client, int server, const struct sockaddr_in *addr);

/*
 * The same without a thread, in the linux profile, for a client that is not to
 * wait: true when it is connected, false if that takes far too long.
 */
bool dtls_ends_finish(int client, int server);

#endif
