#ifndef BENCH_DTLS_H
#define BENCH_DTLS_H

#include <netinet/in.h>
#include <stdbool.h>

#include <openssl/ssl.h>

/*
 * DTLS 1.2 on loopback by the library, and by OpenSSL on kernel sockets
 * (BIO_new_dgram): without resumption, with cookies and with flights of the
 * same size.
 */
struct dtls_kind {
	int suite;
	const char *suites; /* the same, in OpenSSL's words */
	bool psk;           /* else the usual certificate */
};

extern const struct dtls_kind dtls_gcm, dtls_ccm_8;

/* What both sides have to have; the program may keep so many files open. */
void dtls_prepare(unsigned long files);

/* Ours: a bound server, and a client with a session. */
int dtls_listen_ours(const struct dtls_kind *k, struct sockaddr_in *addr);
int dtls_connect_ours(const struct dtls_kind *k,
    const struct sockaddr_in *addr);

/*
 * OpenSSL's: a bound socket, the session of the client that returns its cookie
 * to it, and a client with a session.  Unless it shares the bound socket, which
 * is for one client at a time, the session has one that is connected.
 */
int dtls_listen_ssl(struct sockaddr_in *addr);
SSL *dtls_accept_ssl(const struct dtls_kind *k, int listener, bool share);
SSL *dtls_connect_ssl(const struct dtls_kind *k,
    const struct sockaddr_in *addr);

/*
 * The client's and the server's end of a session, by one thread; no cookies.
 * The server's socket is connected, or else names the client in each send, as a
 * server with one socket for all has to.
 */
void dtls_pair_ssl(const struct dtls_kind *k, bool connected, SSL *ends[2]);

/* A byte there and back, by the client and by the server of a session. */
void dtls_ask_ours(int fd);
void dtls_answer_ours(int fd, struct sockaddr_in *client);
void dtls_ask_ssl(SSL *ssl);
void dtls_answer_ssl(SSL *ssl);

/* Rows of datagrams, of handshakes, of idle memory. */
void dtls_datagrams(void);
void dtls_handshakes(void);
void dtls_idle(void);

#endif
