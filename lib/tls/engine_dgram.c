#include "tls/engine_parts.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/time.h>

#include "tls/dgram_bio.h"
#include "tls/dgram_record.h"
#include "tls/stage.h"

/*
 * Bytes of a datagram unless something is known of the way: what IPv6 carries
 * everywhere (RFC 8200, 5), without its header and UDP's.
 */
#define MTU (1280 - 48)

/* Once two flights were lost, they may have been too large: as in Mbed TLS. */
#define MTU_SMALL 508

/* A suite's IV and tag, which OpenSSL forgets when it fills a datagram. */
#define FORGOTTEN (8 + 16)

/* OpenSSL takes no less. */
#define MTU_MIN (256 + FORGOTTEN)

/*
 * OpenSSL gathers the records of a datagram in so many bytes, and tears what
 * is longer.
 */
#define MTU_MAX 4096

/* OpenSSL takes a shorter wait for none. */
#define WAIT_MIN_MS 16

/* A longer wait is one for ever: OpenSSL counts microseconds. */
#define WAIT_MAX_MS (UINT_MAX / 1000)

/*
 * OpenSSL asks how long to wait, at first and after each wait in vain: when
 * tls_engine_timer is called, and of itself when a datagram comes by then.
 */
static unsigned
next_wait(SSL *ssl, unsigned last_us)
{
	struct tls_timer *t = &tls_state_of(ssl)->timer;
	const uint64_t twice = (uint64_t)t->now_ms * 2;

	if (last_us == 0) {
		t->now_ms = t->min_ms;
		t->waited_ms = 0;
		t->over = false;
	} else if (t->now_ms != 0) {
		t->waited_ms += t->now_ms;
		t->over = t->now_ms >= t->max_ms;
		if (!t->over)
			t->now_ms =
			    twice < t->max_ms ? (uint32_t)twice : t->max_ms;
	}
	if (t->now_ms > WAIT_MAX_MS)
		t->now_ms = 0;
	if (t->now_ms == 0)
		return UINT_MAX;
	return (t->now_ms > WAIT_MIN_MS ? t->now_ms : WAIT_MIN_MS) * 1000;
}

/* OpenSSL tells of alerts as they come; their first byte is their level. */
static void
hear_alert(const SSL *ssl, int where, int alert)
{
	if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT &&
	    alert >> 8 == SSL3_AL_FATAL)
		tls_state_of(ssl)->alerted = true;
}

void
tls_engine_set_mtu(struct tls_engine *e, size_t mtu)
{
	e->mtu = mtu > MTU_MIN ? mtu : MTU_MIN;
	if (e->mtu > MTU_MAX)
		e->mtu = MTU_MAX;
	/* It is large enough, so this does not fail. */
	(void)SSL_set_mtu(e->ssl, (long)e->mtu - FORGOTTEN);
}

int
engine_parts_init_dgram(struct tls_engine *e,
    const struct tls_settings *settings)
{
	e->dgram = dgram_bio_new();
	if (e->dgram == NULL)
		return -ENOMEM;
	SSL_set_bio(e->ssl, e->dgram, e->dgram); /* the SSL's from here on */
	e->state.timer = (struct tls_timer){ .min_ms = settings->timeout_min_ms,
		.max_ms = settings->timeout_max_ms };
	DTLS_set_timer_cb(e->ssl, next_wait);
	SSL_set_info_callback(e->ssl, hear_alert);
	tls_engine_set_mtu(e, MTU);
	if (e->role == TLS_ROLE_CLIENT)
		dgram_bio_order(e->dgram, 0);
	return 0;
}

/* Bytes that the suite adds to data: what has less is no record of it. */
static size_t
overhead(const SSL_CIPHER *c)
{
	if (c == NULL || !SSL_CIPHER_is_aead(c) ||
	    SSL_CIPHER_get_cipher_nid(c) == NID_chacha20_poly1305 ||
	    strstr(SSL_CIPHER_get_name(c), "CCM8") != NULL)
		return 16; /* an IV, a tag, or half of both */
	return 8 + 16;
}

/* What max_fragment_length (RFC 6066, 4) has agreed on; 0 if on nothing. */
static size_t
agreed_fragment(SSL *ssl)
{
	const SSL_SESSION *s = SSL_get_session(ssl);
	const int code = s != NULL ? SSL_SESSION_get_max_fragment_length(s) : 0;

	return code >= 1 && code <= 4 ? (size_t)256 << code : 0;
}

/* The longest record that may come. */
static size_t
longest(SSL *ssl)
{
	const size_t agreed = agreed_fragment(ssl);

	return (agreed != 0 ? agreed : 16384) + SSL3_RT_MAX_ENCRYPTED_OVERHEAD;
}

/* OpenSSL lets neither side send more than was agreed on. */
void
engine_parts_open_dgram(struct tls_engine *e)
{
	const size_t agreed = agreed_fragment(e->ssl);

	e->hoards = true;
	if (agreed != 0 && agreed < e->max_record)
		e->max_record = agreed;
}

static void
set_rule(struct tls_engine *e)
{
	const struct dgram_rule rule = {
		.secret = e->established,
		.version = e->established ? SSL_version(e->ssl) : 0,
		.least = overhead(SSL_get_current_cipher(e->ssl)),
		.most = longest(e->ssl),
	};

	dgram_bio_set_rule(e->dgram, &rule);
}

void
tls_engine_datagram(struct tls_engine *e, const void *data, size_t len)
{
	const unsigned char *p = data;

	if (!e->ruled)
		set_rule(e);
	e->ruled = e->established;
	dgram_bio_lend(e->dgram, data, len);
	e->fed = true;
	e->starved = false;
	while (e->nopening < sizeof(e->opening) && e->nopening < len) {
		e->opening[e->nopening] = p[e->nopening];
		e->nopening++;
	}
}

void
tls_engine_limit_mtu(struct tls_engine *e, size_t mtu)
{
	if (mtu < e->mtu)
		tls_engine_set_mtu(e, mtu);
}

void
tls_engine_note_refused(struct tls_engine *e)
{
	e->refused = true;
}

bool
tls_engine_starved(const struct tls_engine *e)
{
	return e->starved;
}

size_t
tls_engine_left(const struct tls_engine *e)
{
	return (size_t)SSL_pending(e->ssl);
}

/*
 * Data that overtook the handshake count as pending, too, record by record; no
 * read goes over the end of one.
 */
size_t
tls_engine_skip(struct tls_engine *e)
{
	unsigned char rest[512];
	size_t n = sizeof(rest), total = 0;

	engine_parts_forget_errors();
	while (n == sizeof(rest) && SSL_pending(e->ssl) > 0 &&
	    SSL_read_ex(e->ssl, rest, sizeof(rest), &n) == 1)
		total += n;
	OPENSSL_cleanse(rest, sizeof(rest));
	return total;
}

/* By the clock of OpenSSL's timer. */
static int64_t
now_ms(void)
{
	struct timeval now;

	gettimeofday(&now, NULL);
	return (int64_t)now.tv_sec * 1000 + now.tv_usec / 1000;
}

static uint32_t
longest_wait(const struct tls_timer *t)
{
	return t->max_ms > t->min_ms ? t->max_ms : t->min_ms;
}

/*
 * A hello may come in parts, and its first one is enough for the cookie.  Until
 * it has all of it, a server has sent nothing and OpenSSL runs no timer, but
 * the rest has to come in the longest wait for an answer.
 */
static int
left_for_hello_ms(const struct tls_engine *e)
{
	const struct tls_timer *t = &e->state.timer;
	int64_t left;

	if (e->hello_ms == 0 || t->min_ms == 0 ||
	    SSL_get_state(e->ssl) != TLS_ST_BEFORE)
		return -1;
	left = e->hello_ms + longest_wait(t) - now_ms();
	if (left <= 0)
		return 0;
	return left < INT_MAX ? (int)left : INT_MAX;
}

int
tls_engine_timer_ms(struct tls_engine *e)
{
	struct timeval left;

	if (e->error != 0 || e->established)
		return -1;
	if (e->state.timer.now_ms == 0 ||
	    DTLSv1_get_timeout(e->ssl, &left) != 1)
		return left_for_hello_ms(e);
	if (left.tv_sec >= INT_MAX / 1000)
		return INT_MAX;
	return (int)(left.tv_sec * 1000 + (left.tv_usec + 999) / 1000);
}

/* The schedule is over: min, twice that, and so on up to max. */
int
engine_parts_time_out(struct tls_engine *e)
{
	const int64_t ms = e->state.timer.waited_ms;

	ERR_clear_error();
	e->waited_ms = ms < INT_MAX ? (int)ms : INT_MAX;
	return engine_parts_fail(e, VERDICT_DEADLINE, ETIMEDOUT);
}

/* OpenSSL itself gives up at the thirteenth time. */
int
tls_engine_timer(struct tls_engine *e)
{
	struct tls_timer *t = &e->state.timer;

	if (tls_engine_timer_ms(e) != 0)
		return e->error;
	if (t->now_ms == 0 || t->now_ms >= t->max_ms) {
		t->waited_ms += t->now_ms != 0 ? t->now_ms : longest_wait(t);
		return engine_parts_time_out(e);
	}
	/* A ClientHello in parts is what some servers do not take. */
	if (t->now_ms != t->min_ms && e->mtu > MTU_SMALL &&
	    tls_stage_of(e->ssl) != TLS_ST_CW_CLNT_HELLO)
		tls_engine_set_mtu(e, MTU_SMALL);
	ERR_clear_error();
	return DTLSv1_handle_timeout(e->ssl) < 0 ? engine_parts_time_out(e) : 0;
}

/* OpenSSL 3.0 forgets what is behind the first record; others have it twice. */
static void
lend_rest(struct tls_engine *e, const void *data, size_t len)
{
	struct dgram_record first;

	if (dgram_record_read(data, len, &first))
		dgram_bio_lend(e->dgram,
		    (const unsigned char *)data + first.len, len - first.len);
}

int
tls_engine_hello(struct tls_engine *e, const void *peer, size_t peer_len,
    const void *data, size_t len)
{
	unsigned char random[DGRAM_RANDOM_SIZE];
	uint64_t number;
	BIO_ADDR *addr;
	int rc;

	if (!dgram_record_is_hello(data, len, &number, random) ||
	    peer_len > TLS_COOKIE_PEER_MAX)
		return -EAGAIN;
	addr = BIO_ADDR_new();
	if (addr == NULL)
		return -ENOMEM;
	memcpy(e->state.cookie.peer, peer, peer_len);
	e->state.cookie.len = peer_len;
	/* Of a hello before this, for which there was no room, nothing is left. */
	dgram_bio_number_from(e->dgram, 0);
	/* Newer OpenSSL does not only peek, and the answer has the number. */
	dgram_bio_order(e->dgram, number);
	tls_engine_datagram(e, data, len);
	ERR_clear_error();
	rc = DTLSv1_listen(e->ssl, addr);
	ERR_clear_error();
	BIO_ADDR_free(addr);
	if (rc == 1) {
		lend_rest(e, data, len);
		dgram_bio_number_from(e->dgram, number);
		e->hello_ms = now_ms();
		return 0;
	}
	dgram_bio_lend(e->dgram, NULL, 0);
	return -EAGAIN;
}
