#include "support/test.h"

#include "support/dpair.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cred/store.h"
#include "support/fake_clock.h"
#include "support/pki.h"

#define CA 1
#define IDENTITY 2
#define PSK 3
#define CHAIN 4

/* The client's address, which the server's cookies are for. */
#define ADDRESS "192.0.2.1:4444"

/* Longer than all timers that can follow each other. */
#define HANG_MS (3600 * 1000)

static struct pki pki;
static struct pki_cert chain[4];

static void
store_chain(void)
{
	char san[4500] = "DNS:localhost";
	const struct pki_spec specs[] = {
		{ .name = "localhost", .san = san },
		{ .name = "Third CA", .ca = true },
		{ .name = "Second CA", .ca = true },
		{ .name = "First CA", .ca = true },
	};
	char pem[16384] = "";

	/* A leaf that is longer than any datagram of a handshake. */
	while (strlen(san) < 4400)
		strcat(san, ",DNS:one-of-many.names.example");
	pki_make_chain(chain, &pki.ca, specs, LEN(specs));
	for (size_t i = 0; i < LEN(chain); i++) {
		struct pki_bytes b = pki_cert_pem(&chain[i]);

		strncat(pem, (char *)b.data, sizeof(pem) - strlen(pem) - 1);
		pki_bytes_free(&b);
	}
	assert_int_equal(store_add(CHAIN, CRED_CERTIFICATE, pem,
	                     strlen(pem) + 1),
	    0);
	pki_store_key(CHAIN, &chain[0]);
}

void
dpair_credentials_init(void)
{
	pki_init(&pki, PKI_EC);
	pki_store_ca(CA, &pki.ca);
	pki_store_identity(IDENTITY, &pki.server);
	assert_int_equal(store_add(PSK, CRED_PSK, "a secret of ours", 16), 0);
	assert_int_equal(store_add(PSK, CRED_PSK_ID, "us", 2), 0);
	store_chain();
}

void
dpair_credentials_fini(void)
{
	for (int tag = CA; tag <= CHAIN; tag++)
		pki_forget(tag);
	for (size_t i = 0; i < LEN(chain); i++)
		pki_free(&chain[i]);
	pki_fini(&pki);
}

static void
set_tags(struct tls_settings *s, const int *tags, size_t n)
{
	assert_int_equal(tls_settings_set_tags(s, tags, n), 0);
}

static void
set_psk(struct dpair *p, enum dpair_kind kind)
{
	const int ccm8 = 0xc0a8;

	for (int side = 0; side < 2; side++) {
		set_tags(&p->settings[side], &(int){ PSK }, 1);
		assert_int_equal(tls_settings_set_suites(&p->settings[side],
		                     &ccm8, kind == DPAIR_PSK_CCM8),
		    0);
	}
}

static void
set_certificates(struct dpair *p, enum dpair_kind kind)
{
	struct tls_settings *client = &p->settings[WAY_CLIENT];
	struct tls_settings *server = &p->settings[WAY_SERVER];
	const bool mutual = kind == DPAIR_MUTUAL;

	set_tags(client, (int[]){ CA, IDENTITY }, mutual ? 2 : 1);
	if (kind == DPAIR_CHAIN)
		set_tags(server, &(int){ CHAIN }, 1);
	else
		set_tags(server, (int[]){ IDENTITY, CA }, mutual ? 2 : 1);
	assert_int_equal(tls_settings_set_hostname(client, "localhost"), 0);
	if (mutual)
		assert_int_equal(tls_settings_set_verify(server,
		                     TLS_VERIFY_REQUIRED),
		    0);
	client->cache = server->cache = kind == DPAIR_RESUMED;
}

void
dpair_init(struct dpair *p, enum dpair_kind kind)
{
	memset(p, 0, sizeof(*p));
	p->way.latency_ms = 20;
	p->mtu = kind == DPAIR_CHAIN ? 508 : 0;
	for (int side = 0; side < 2; side++)
		tls_settings_init(&p->settings[side]);
	if (kind == DPAIR_PSK || kind == DPAIR_PSK_CCM8)
		set_psk(p, kind);
	else
		set_certificates(p, kind);
	dpair_renew(p);
	if (kind != DPAIR_RESUMED)
		return;
	assert_true(dpair_handshake(p));
	/* OpenSSL keeps no session of a connection that just breaks off. */
	tls_engine_shutdown(p->engine[WAY_CLIENT]);
	dpair_renew(p);
}

struct tls_engine *
dpair_engine(const struct dpair *p, enum way_side side)
{
	const struct tls_settings *s = &p->settings[side];
	struct tls_context *ctx = NULL;
	struct tls_engine *e = NULL;
	struct verdict why = { "" };

	if (tls_context_get(s->tags, s->ntags, &ctx, &why) != 0 ||
	    tls_engine_new(ctx, s,
	        side == WAY_CLIENT ? TLS_ROLE_CLIENT : TLS_ROLE_SERVER,
	        DTLS1_2_VERSION, "a peer", &e, &why) != 0)
		fail_msg("%s", why.text);
	tls_context_put(ctx);
	if (p->mtu != 0)
		tls_engine_set_mtu(e, p->mtu);
	return e;
}

static void
free_engines(struct dpair *p)
{
	tls_engine_free(p->engine[WAY_CLIENT]);
	tls_engine_free(p->engine[WAY_SERVER]);
	tls_engine_free(p->greeter);
	p->greeter = NULL;
}

void
dpair_renew(struct dpair *p)
{
	way_clear(&p->way);
	free_engines(p);
	p->begun = p->met = false;
	p->failures = 0;
	for (int side = 0; side < 2; side++) {
		p->engine[side] = dpair_engine(p, side);
		p->way.sent[side] = 0;
		p->rc[side] = -EAGAIN;
		p->ngot[side] = p->last_got[side] = 0;
	}
}

void
dpair_fini(struct dpair *p)
{
	way_clear(&p->way);
	free_engines(p);
	for (int side = 0; side < 2; side++)
		tls_settings_fini(&p->settings[side]);
}

static void
flush(struct dpair *p, struct tls_engine *e, enum way_side from)
{
	const void *data;
	size_t n;

	while (e != NULL && (n = tls_engine_output(e, &data)) > 0) {
		way_send(&p->way, from, data, n);
		tls_engine_output_done(e, n);
	}
}

static void
flush_all(struct dpair *p)
{
	flush(p, p->engine[WAY_CLIENT], WAY_CLIENT);
	flush(p, p->engine[WAY_SERVER], WAY_SERVER);
	flush(p, p->greeter, WAY_SERVER);
}

/* Reads as a program does: all there is, and each datagram whole. */
static void
drain(struct dpair *p, enum way_side side)
{
	struct tls_engine *e = p->engine[side];
	ssize_t n;

	do {
		n = tls_engine_read(e, p->got[side] + p->ngot[side],
		    DPAIR_GOT_MAX - p->ngot[side]);
		if (n <= 0)
			break;
		p->last_got[side] = (size_t)n;
		p->ngot[side] += (size_t)n;
		assert_true(p->ngot[side] < DPAIR_GOT_MAX);
	} while (true);
	if (n != -EAGAIN && !tls_engine_ended(e))
		p->rc[side] = (int)n;
}

/* A failure is one that can be explained. */
static void
assert_explained(const struct tls_engine *e, enum way_side side)
{
	const char *start =
	    side == WAY_CLIENT ? "DTLS client: " : "DTLS server: ";
	struct verdict v = { "" };

	tls_engine_explain(e, "a peer", &v);
	assert_memory_equal(v.text, start, strlen(start));
	assert_non_null(strstr(v.text, " with a peer failed: "));
}

/* A server that failed before it was established is one for nobody. */
static void
replace_server(struct dpair *p)
{
	flush_all(p);
	tls_engine_free(p->engine[WAY_SERVER]);
	p->engine[WAY_SERVER] = dpair_engine(p, WAY_SERVER);
	p->met = false;
	p->failures++;
}

/* After anything that may have moved it on. */
static void
advance(struct dpair *p, enum way_side side)
{
	struct tls_engine *e = p->engine[side];

	p->rc[side] = tls_engine_handshake(e);
	if (p->rc[side] == 0)
		drain(p, side);
	if (tls_engine_error(e) == 0)
		return;
	assert_explained(e, side);
	if (side == WAY_SERVER && tls_engine_version(e) == NULL)
		replace_server(p);
}

static void
greet(struct dpair *p, struct tls_engine *e, const struct way_datagram *d)
{
	uint64_t number;
	const int rc =
	    tls_engine_hello(e, ADDRESS, sizeof(ADDRESS) - 1, d->data, d->len);

	assert_true(rc == 0 || rc == -EAGAIN);
	if (rc != 0)
		return;
	if (e == p->greeter) {
		flush_all(p);
		tls_engine_free(p->engine[WAY_SERVER]);
		p->engine[WAY_SERVER] = e;
		p->greeter = NULL;
	}
	assert_true(dgram_record_is_hello(d->data, d->len, &number, p->random));
	p->met = true;
	advance(p, WAY_SERVER);
}

/* A ClientHello of somebody else's, or of the same one after a restart. */
static bool
is_strange(const struct dpair *p, const struct way_datagram *d)
{
	unsigned char random[DGRAM_RANDOM_SIZE];
	uint64_t number;

	return dgram_record_is_hello(d->data, d->len, &number, random) &&
	    memcmp(random, p->random, sizeof(random)) != 0;
}

static void
arrive(struct dpair *p, struct way_datagram *d)
{
	if (d->to == WAY_SERVER && !p->met) {
		greet(p, p->engine[WAY_SERVER], d);
	} else if (d->to == WAY_SERVER && is_strange(p, d)) {
		if (p->greeter == NULL)
			p->greeter = dpair_engine(p, WAY_SERVER);
		greet(p, p->greeter, d);
	} else {
		tls_engine_datagram(p->engine[d->to], d->data, d->len);
		advance(p, d->to);
	}
	flush_all(p);
	free(d);
}

/* The side whose timer is the next one; *ms is how long it takes, or -1. */
static enum way_side
next_timer(const struct dpair *p, int *ms)
{
	const int client = tls_engine_timer_ms(p->engine[WAY_CLIENT]);
	const int server =
	    p->met ? tls_engine_timer_ms(p->engine[WAY_SERVER]) : -1;

	if (server < 0 || (client >= 0 && client <= server)) {
		*ms = client;
		return WAY_CLIENT;
	}
	*ms = server;
	return WAY_SERVER;
}

bool
dpair_step(struct dpair *p)
{
	struct way_datagram *d;
	enum way_side side;
	int ms;

	if (!p->begun)
		advance(p, WAY_CLIENT);
	p->begun = true;
	flush_all(p); /* a test may have written */
	side = next_timer(p, &ms);
	d = way_take(&p->way, ms < 0 ? INT64_MAX : fake_clock_ms() + ms - 1);
	if (d != NULL) {
		if (d->at_ms > fake_clock_ms())
			fake_clock_advance_ms(d->at_ms - fake_clock_ms());
		arrive(p, d);
		return true;
	}
	if (ms < 0)
		return way_let_go(&p->way);
	fake_clock_advance_ms(ms);
	(void)tls_engine_timer(p->engine[side]); /* handshake tells, too */
	advance(p, side);
	flush_all(p);
	return true;
}

static void
settle(struct dpair *p)
{
	const int64_t end_ms = fake_clock_ms() + HANG_MS;

	while (dpair_step(p))
		assert_true(fake_clock_ms() < end_ms);
}

bool
dpair_handshake(struct dpair *p)
{
	settle(p);
	return p->rc[WAY_CLIENT] == 0 && p->rc[WAY_SERVER] == 0;
}

ssize_t
dpair_send(struct dpair *p, enum way_side from, const void *data, size_t len)
{
	const ssize_t n = tls_engine_write(p->engine[from], data, len);

	flush_all(p);
	settle(p);
	return n;
}

void
dpair_exchange(struct dpair *p)
{
	unsigned char data[300];

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 7);
	for (int from = 0; from < 2; from++) {
		const int to = 1 - from;
		const size_t before = p->ngot[to];

		data[0] = (unsigned char)from;
		assert_int_equal(dpair_send(p, from, data, sizeof(data)),
		    sizeof(data));
		assert_int_equal(p->ngot[to], before + sizeof(data));
		assert_int_equal(p->last_got[to], sizeof(data));
		assert_memory_equal(p->got[to] + before, data, sizeof(data));
	}
}

bool
dpair_take(struct tls_engine *e, struct dpair_datagram *d)
{
	const void *data;

	d->len = tls_engine_output(e, &data);
	assert_true(d->len <= sizeof(d->data));
	if (d->len == 0)
		return false;
	memcpy(d->data, data, d->len);
	tls_engine_output_done(e, d->len);
	return true;
}

void
dpair_write(struct tls_engine *e, const void *data, size_t len,
    struct dpair_datagram *d)
{
	const void *more;

	assert_int_equal(tls_engine_write(e, data, len), len);
	assert_true(dpair_take(e, d));
	assert_int_equal(tls_engine_output(e, &more), 0);
}

void
dpair_assert_reads(struct tls_engine *e, const void *data, size_t len)
{
	unsigned char got[17000];

	assert_true(tls_engine_readable(e));
	assert_int_equal(tls_engine_read(e, got, sizeof(got)), len);
	assert_memory_equal(got, data, len);
}

void
dpair_assert_silent(struct tls_engine *e)
{
	const void *data;
	char byte;

	assert_false(tls_engine_readable(e));
	assert_int_equal(tls_engine_read(e, &byte, 1), -EAGAIN);
	assert_int_equal(tls_engine_skip(e), 0);
	assert_int_equal(tls_engine_output(e, &data), 0);
	assert_int_equal(tls_engine_error(e), 0);
}

int
dpair_setup(void **state)
{
	(void)state;
	dpair_credentials_init();
	return 0;
}

int
dpair_teardown(void **state)
{
	(void)state;
	dpair_credentials_fini();
	return 0;
}
