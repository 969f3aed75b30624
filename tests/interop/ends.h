#ifndef INTEROP_ENDS_H
#define INTEROP_ENDS_H

/*
 * What the two programs that are one end of an interop connection share: the
 * library's own, zsock_end, and Mbed TLS's, mbedtls_end.  Both take the same
 * arguments, tell the same lines on stdout, and end with "failed ..." and 1
 * when something goes wrong.
 */
#include <stdbool.h>
#include <stddef.h>

#define END_LIST_MAX 32
#define END_WAIT_S 20 /* for the peer, in one call */

struct end_args {
	bool server;
	int port;   /* to connect to, or of mbedtls_end's server; 0 is any */
	int lowest; /* version: 10 to 13 */
	int verify; /* -1 is what the implementation does by default */
	int rounds;
	bool any_name, sessions, tickets, dtls, ipv6;
	int resend[2]; /* DTLS: first and last wait for an answer, or 0 */
	const char *name, *ca, *cert, *key;
	const char *psk[END_LIST_MAX];      /* IDENTITY=HEX */
	const char *alpn[END_LIST_MAX + 1]; /* ends with NULL */
	int suites[END_LIST_MAX + 1];       /* ends with 0 */
	size_t npsk, nalpn, nsuites;
	const char *got;
	char **steps;
};

/*
 * One connection; both calls end the program when they fail.  With datagrams,
 * each call has exactly one.
 */
struct end_stream {
	void *with;
	void (*send)(void *with, const unsigned char *data, size_t len);
	/* 0 is the end of the stream. */
	size_t (*recv)(void *with, unsigned char *data, size_t len);
	bool datagrams;
};

/* Ends the program with 2 and the usage if the arguments are wrong. */
void end_take_args(struct end_args *a, int argc, char **argv);

/* Prints "failed WHAT: WHY" and ends the program with 1. */
_Noreturn void end_fail(const char *what, const char *why);

/* The file with a NUL after it, to be freed; *len is without the NUL. */
char *end_read_file(const char *file, size_t *len);

struct end_psk {
	const char *id;
	size_t id_len, len;
	unsigned char key[64];
};

struct end_psk end_parse_psk(const char *arg);

/* Prints the line of a handshake that is complete; flags are of X.509. */
void end_tell_open(const char *version, const char *suite, unsigned number,
    unsigned flags, const char *alpn, bool resumed);

/* Does the steps of one connection. */
void end_run_steps(const struct end_args *a, const struct end_stream *s);

#endif
