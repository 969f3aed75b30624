#ifndef SUPPORT_FAILURES_H
#define SUPPORT_FAILURES_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

#include "support/pki.h"
#include "support/test.h"

/*
 * Handshakes that fail, and what is told of them: the errno of the call, the
 * bits of TLS_CERT_VERIFY_RESULT, and the line that names the cause, which is
 * the same in the log and in zsock_error_text.  A row of a table is run as
 * several tests: with the library as client and server, in TLS 1.2 and 1.3.
 */
enum failures_side { FAILURES_BOTH, FAILURES_CLIENT, FAILURES_SERVER };

/* The initial_state of each of them. */
struct failures_variant {
	const void *row;
	bool server; /* the library is the server */
	int version; /* the one that the peer speaks */
	char name[112];
};

/* version is the only one, or 0 for both. */
void failures_add(CMUnitTestFunction test, const char *name, const void *row,
    enum failures_side side, int version);

/* The same once, for a test that does not care for versions. */
void failures_add_once(CMUnitTestFunction test, const char *name,
    const void *row, bool server);

/*
 * Runs what was added; the program's exit status.  In each test the log is
 * captured, and the usual set is stored under the tags of loop.h.
 */
int failures_run(const char *group);

extern struct pki failures_pki;

/* What a line must hold; the first NULL ends it. */
#define FAILURES_SAID 6

/* sock's reason, and a line in the log, have all of it. */
void failures_said(int sock, const char *const said[FAILURES_SAID]);

/* Options of the level SOL_TLS, which must be taken. */
void failures_set_int(int sock, int name, int value);
void failures_set_tags(int sock, const int *tags, size_t n);
int failures_verify_result(int sock);

#endif
