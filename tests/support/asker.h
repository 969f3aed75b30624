#ifndef SUPPORT_ASKER_H
#define SUPPORT_ASKER_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * TLS_CERT_VERIFY_CALLBACKs that use the socket that they are called for.  An
 * assertion must not leave OpenSSL half way, so they note what calls answered.
 */
typedef int asker(void *ctx, void *cert, int depth, uint32_t *flags);

extern int asker_subject; /* the socket that is used */

/* The last answers, and how often there were any. */
extern struct asker_answers {
	int times, text, asked, error, result, connected, version, set;
	int polled;    /* what poll returned, for POLLIN and POLLOUT */
	short revents; /* and said */
	uint32_t flags;
	ssize_t sent, received;
} asker_seen;

/* For that socket, and nothing was seen yet. */
void asker_start(int sock);

/* Good certificates all; the calls are made by this thread, or by another. */
asker asker_in_this_thread, asker_in_another_thread;

/* Held up, from inside on until go_on. */
asker asker_hold;
extern atomic_bool asker_inside, asker_go_on;

void asker_set(int sock, asker *call, void *ctx);

#endif
