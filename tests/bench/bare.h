#ifndef BENCH_BARE_H
#define BENCH_BARE_H

#include "bench/ways.h"

/*
 * The least that the library's design can cost: OpenSSL over a pair of memory
 * BIOs, and the plainest loop that moves their bytes to and from a blocking
 * socket.  No table, no lock, no options.
 */
extern const struct bench_way ways_bare;

/* Bytes of a ring: what a stream of the library has. */
#define BARE_RING ((size_t)68 * 1024)

/* Gives e->ssl a pair with rings of that size; e->fd is its socket. */
void bare_attach(struct bench_end *e, size_t ring);

/* Connects or accepts; says goodbye; frees, and closes the socket. */
void bare_handshake(const struct bench_end *e);
void bare_shutdown(const struct bench_end *e);
void bare_free(const struct bench_end *e);

/* The same connection as OpenSSL's with SSL_set_fd, but over pairs. */
void ways_connect_bare(struct bench_end ends[2], size_t ring);
void ways_close_bare(struct bench_end ends[2]);

/* Rows of plain calls and poll, of streams, of handshakes, of datagrams. */
void bare_plain(void);
void bare_streams(void);
void bare_handshakes(void);
void bare_datagrams(void);

#endif
