#ifndef SUPPORT_LOOP_H
#define SUPPORT_LOOP_H

#include <pthread.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "support/pki.h"

/*
 * Sockets on loopback for tests: ports the kernel picks, peers in a thread of
 * their own.  A step that cannot be taken fails the test.
 */

/* A loopback address of family, with port in host order. */
socklen_t loop_addr(struct sockaddr_storage *addr, int family, uint16_t port);

/* A secure listener of the library with the server's tag; its port. */
int loop_listen_tls(int family, int proto, int tag, uint16_t *port);

/* A listener of the kernel's own, for peers that misbehave. */
int loop_listen_raw(int family, uint16_t *port);

/* A connected kernel socket. */
int loop_connect_raw(int family, uint16_t port);

/* A secure client socket that trusts tag and expects name; not connected. */
int loop_client_tls(int family, int proto, int tag, const char *name);

/*
 * accept, and the handshake with it, which in one profile is left to the calls
 * that follow: the socket or the negative errno.
 */
int loop_accept_tls(int listener);

/* The same as a thread: arg is the listener's address, the result the socket. */
void *loop_accept_one(void *arg);

/* connect to the loopback port: 0 or the negative errno. */
int loop_connect(int sock, int family, uint16_t port);

/* A connected pair: the handshake runs in both. */
struct loop_pair {
	int client, server;
};

void loop_pair_open(struct loop_pair *p, int family, int proto);
void loop_pair_close(struct loop_pair *p);

/* fn in a thread; join gives its result. */
pthread_t loop_start(void *(*fn)(void *), void *arg);
void *loop_join(pthread_t thread);

/* Sends or receives all of len on a socket of the library. */
void loop_send_all(int sock, const void *data, size_t len);
void loop_recv_all(int sock, void *data, size_t len);

/*
 * fn in a process of its own, forked off here and for 20 seconds at most, where
 * no assertion may fail.  Returns the process; wait gives what fn returned, or
 * -1 if it did not.
 */
pid_t loop_fork(int (*fn)(void *), void *arg);
int loop_wait(pid_t child);

/*
 * Sends on a stream of the library until nothing more can be sent, now and
 * later: what is still on its way may make room for more when it arrives.
 */
void loop_fill(int sock);

/* The kernel's descriptor of a socket of the library. */
int loop_kfd(int sock);

/* How many descriptors this process has open. */
int loop_count_descriptors(void);

/* Tags of the pki that every test program here uses. */
#define LOOP_CA_TAG 1
#define LOOP_SERVER_TAG 2

#endif
