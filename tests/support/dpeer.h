#ifndef SUPPORT_DPEER_H
#define SUPPORT_DPEER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

#include "support/dpeer_tap.h"
#include "support/pki.h"

/*
 * The other end of a DTLS session, by OpenSSL on a kernel's UDP socket and so
 * free to do what the library would not.  A step that cannot be taken fails
 * the test.  What is 0 in a spec is not set; all of it outlives the peer.
 */
struct dpeer_spec {
	bool server;        /* the first client's, after cookies */
	int family;         /* 0: AF_INET */
	uint16_t port;      /* a client: the server's, on loopback */
	int version;        /* the one version, 0: DTLS1_2_VERSION */
	const char *suites; /* in the words of openssl-ciphers */
	const char *psk_id, *psk;
	const struct pki_cert *identity, *ca; /* ca: the other end proves it */
	unsigned int mtu;                     /* of handshake messages */
	unsigned int timer_ms; /* until the first repetition, 0: 1000 */
	dpeer_hook *hook;      /* in the thread that reads or writes */
	void *arg;
};

struct dpeer {
	struct dpeer_spec spec;
	int kfd;
	uint16_t port; /* its own */
	SSL_CTX *ctx;
	SSL *ssl;
	struct dpeer_tap tap;
	int alert; /* the last from the other end: level << 8 | description */
	int stop;  /* an eventfd: the handshake is given up */
	pthread_t thread;
	bool running;
};

/* A socket with a port, and nothing sent yet. */
void dpeer_open(struct dpeer *p, const struct dpeer_spec *spec);
void dpeer_free(struct dpeer *p);

/*
 * Shakes hands in a thread, for 20 seconds at most; p is that thread's until
 * dpeer_join, which says whether there is a session.  A peer that had one
 * forgets it first and keeps its port.  After dpeer_stop the thread ends soon.
 */
void dpeer_start(struct dpeer *p);
bool dpeer_join(struct dpeer *p);
void dpeer_stop(struct dpeer *p);

/* One record each. */
void dpeer_send(struct dpeer *p, const void *data, size_t len);

/*
 * The data of a record, cut to size; 0 after close_notify, -EAGAIN if nothing
 * has come in wait_ms, -ECONNABORTED if the session has failed.
 */
ssize_t dpeer_recv(struct dpeer *p, void *data, size_t size, int wait_ms);

void dpeer_close_notify(struct dpeer *p);

/* Sealed within a session, else plain; level 2 is fatal. */
void dpeer_alert(struct dpeer *p, int level, int description);

/*
 * Datagrams under OpenSSL's feet, to and from the other end: a server's is who
 * has sent the first one.  -EAGAIN if nothing has come in wait_ms.
 */
void dpeer_send_raw(struct dpeer *p, const void *data, size_t len);
ssize_t dpeer_recv_raw(struct dpeer *p, void *data, size_t size, int wait_ms);

#endif
