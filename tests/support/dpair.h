#ifndef SUPPORT_DPAIR_H
#define SUPPORT_DPAIR_H

#include "support/way.h"
#include "tls/dgram_record.h"
#include "tls/engine.h"

/*
 * Two engines of DTLS and the way between them, in the time of fake_clock.h,
 * which moves on to whatever comes next, so that nothing sleeps.  The server
 * does what a socket does: see dpair.c.
 */
enum dpair_kind {
	DPAIR_PSK,
	DPAIR_PSK_CCM8, /* TLS_PSK_WITH_AES_128_CCM_8 */
	DPAIR_CERT,
	DPAIR_MUTUAL, /* the client shows a certificate, too */
	DPAIR_CHAIN,  /* of four certificates, in small datagrams */
	DPAIR_RESUMED /* TLS_SESSION_CACHE, and a session that is in it */
};

#define DPAIR_GOT_MAX 65536

struct dpair {
	struct tls_settings settings[2];
	struct tls_engine *engine[2];
	struct tls_engine *greeter; /* for another ClientHello, or NULL */
	bool begun;                 /* the client has */
	bool met;                   /* the server has returned from a hello */
	unsigned char random[DGRAM_RANDOM_SIZE]; /* of it */
	size_t mtu;
	struct way way;
	int rc[2];         /* of the handshake, or of what came after it */
	unsigned failures; /* of servers that others took the place of */
	/* What was read, one after the other, and how much at a time. */
	unsigned char got[2][DPAIR_GOT_MAX];
	size_t ngot[2], last_got[2];
};

/*
 * Credentials, once for all pairs: sec_tag 1 is the CA, 2 an identity, 3 a
 * pre-shared key, 4 an identity with a long chain.
 */
void dpair_credentials_init(void);
void dpair_credentials_fini(void);

/* May be changed before the first step; settings before dpair_renew. */
void dpair_init(struct dpair *p, enum dpair_kind kind);
void dpair_fini(struct dpair *p);

/* New engines, as if both sides began anew; faults begin anew, too. */
void dpair_renew(struct dpair *p);

/* An engine as that side has one. */
struct tls_engine *dpair_engine(const struct dpair *p, enum way_side side);

/* Brings what happens next about; false when nothing ever will. */
bool dpair_step(struct dpair *p);

/* Steps until nothing happens any more; have both completed? */
bool dpair_handshake(struct dpair *p);

/* One write, and steps until it has arrived; what write answered. */
ssize_t dpair_send(struct dpair *p, enum way_side from, const void *data,
    size_t len);

/*
 * For tests that carry by themselves.  take: what waits in e to be sent, one
 * datagram of it, or false.  write: it makes one of these data.
 */
struct dpair_datagram {
	size_t len;
	unsigned char data[17000];
};

bool dpair_take(struct tls_engine *e, struct dpair_datagram *d);
void dpair_write(struct tls_engine *e, const void *data, size_t len,
    struct dpair_datagram *d);

/* e has these data to read, at once; or nothing to read and to send. */
void dpair_assert_reads(struct tls_engine *e, const void *data, size_t len);
void dpair_assert_silent(struct tls_engine *e);

/* Group fixtures: the credentials. */
int dpair_setup(void **state);
int dpair_teardown(void **state);

/* Data pass both ways, each datagram whole; or the test fails. */
void dpair_exchange(struct dpair *p);

#endif
