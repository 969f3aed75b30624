#ifndef SUPPORT_DPEER_TAP_H
#define SUPPORT_DPEER_TAP_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

/* The largest datagram with one record of most plaintext in it. */
#define DPEER_DATAGRAM_MAX 17000

struct dpeer_datagram {
	bool out; /* OpenSSL's own, not to it */
	size_t len;
	unsigned char data[DPEER_DATAGRAM_MAX];
};

/* May change d; false: it is lost on its way. */
typedef bool dpeer_hook(void *arg, struct dpeer_datagram *d);

/*
 * A BIO between SSL and a socket's that keeps what passes, as it was before
 * the hook had it.  Of one thread at a time.
 */
struct dpeer_tap {
	BIO_METHOD *method;
	dpeer_hook *hook;
	void *arg;
	bool hold; /* all that OpenSSL sends is kept alone */
	struct dpeer_datagram **seen;
	size_t nseen;
};

/* The BIO, over one of kfd's; its owner frees it before dpeer_tap_fini. */
BIO *dpeer_tap_new(struct dpeer_tap *t, int kfd);
void dpeer_tap_fini(struct dpeer_tap *t);

/* The last datagram of that direction, or NULL. */
const struct dpeer_datagram *dpeer_tap_last(const struct dpeer_tap *t,
    bool out);

#endif
