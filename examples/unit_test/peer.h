#ifndef PEER_H
#define PEER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <zephyr/net/socket.h>
#include <zephyr/net/tls_credentials.h>

/* What the server does with one connection, once it has read a line. */
struct peer_step {
	const char *answer; /* NULL is none */
	bool stall;         /* keep it open until the client leaves */
};

/* A TLS server in a thread of the test. */
struct peer {
	const struct peer_step *steps; /* one for each connection, in turn */
	size_t n;
	int listener;
	pthread_t thread;
	/* What has happened, to be looked at after peer_stop. */
	size_t handshakes; /* those that were completed */
	char last[64];     /* the line read last, without its end */
};

/*
 * Serves n connections on loopback, with the certificate and key of tag.
 * Returns the port, which the kernel chooses.  steps is the caller's, and is
 * read until peer_stop.
 */
uint16_t peer_start(struct peer *p, sec_tag_t tag,
    const struct peer_step *steps, size_t n);

/* Takes no more connections, and waits for the thread. */
void peer_stop(struct peer *p);

#endif
