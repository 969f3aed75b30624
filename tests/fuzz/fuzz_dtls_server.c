/*
 * What strangers, and clients whose datagrams are changed on the way, can do to
 * a DTLS server's socket.  The first byte of the input says which one it is:
 *   1, 2 the profile
 *   4    it wants certificates, and asks a callback that uses the socket
 *   8    its sessions are counted against a limit
 * Then come steps: the lower half of a byte is what happens, the upper half to
 * which of the peers, and what it needs of the input follows.
 */
#include "support/test.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>

#include "base/limits.h"
#include "base/profile.h"
#include "cred/store.h"
#include "sock/call.h"
#include "sock/dtls.h"
#include "sock/fdtable.h"
#include "sock/kinds.h"
#include "sock/poll.h"
#include "sock/tls_names.h"
#include "support/fake_clock.h"
#include "support/loop.h"
#include "support/no_kernel.h"
#include "tls/engine.h"

#define PEERS 8
#define QUEUE 64
#define MEETINGS_MAX 8
#define DATAGRAM_MAX 1500
#define PSK_TAG 3
#define FIRST_PORT 2000

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct datagram {
	uint8_t data[DATAGRAM_MAX];
	size_t len;
	int peer;
};

/* What is on its way to somebody. */
struct queue {
	struct datagram items[QUEUE];
	size_t head, n;
};

/* An honest client, once it has begun. */
struct peer {
	struct tls_engine *engine;
	struct queue in;
	struct datagram last; /* that it has sent */
	bool psk;
};

static struct peer peers[PEERS];
static struct queue to_server;
static struct pki pki;
static size_t answered; /* bytes that the server has sent to that peer */
static int answered_to;
static int server;
static int meetings; /* of this input */

/* What is left of the input. */
static const uint8_t *input;
static size_t left;

static unsigned
take_byte(void)
{
	if (left == 0)
		return 0;
	left--;
	return *input++;
}

/* For the library, and for OpenSSL. */
static void
let_time_pass(int64_t ms)
{
	fake_clock_advance_ms(ms);
	fake_clock_monotonic_ahead_ms(fake_clock_ms());
}

static bool
push(struct queue *q, const void *data, size_t len, int peer)
{
	struct datagram *d = &q->items[(q->head + q->n) % QUEUE];

	if (q->n == QUEUE || len > DATAGRAM_MAX)
		return false;
	memcpy(d->data, data, len);
	d->len = len;
	d->peer = peer;
	q->n++;
	return true;
}

static struct datagram *
pop(struct queue *q)
{
	struct datagram *d = &q->items[q->head];

	if (q->n == 0)
		return NULL;
	q->head = (q->head + 1) % QUEUE;
	q->n--;
	return d;
}

static struct sockaddr_in
address_of(int peer)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons((uint16_t)(FIRST_PORT + peer)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static int
fake_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	(void)timeout_ms;
	for (nfds_t i = 0; i < n; i++)
		fds[i].revents = (short)(fds[i].events &
		    (POLLOUT | (to_server.n > 0 ? POLLIN : 0)));
	return to_server.n > 0 ? (int)n : 0;
}

static ssize_t
fake_sendto(int kfd, const void *data, size_t len, int flags,
    const struct sockaddr *addr, socklen_t addrlen)
{
	const struct sockaddr_in *to = (const struct sockaddr_in *)addr;
	const int peer = ntohs(to->sin_port) - FIRST_PORT;

	(void)kfd;
	(void)flags;
	assert_int_equal(addrlen, sizeof(*to));
	assert_in_range(peer, 0, PEERS - 1);
	if (peer == answered_to)
		answered += len;
	(void)push(&peers[peer].in, data, len, peer); /* else it is lost */
	return (ssize_t)len;
}

static ssize_t
fake_recvfrom(int kfd, void *buf, size_t len, int flags, struct sockaddr *addr,
    socklen_t *addrlen)
{
	const struct datagram *d = pop(&to_server);
	struct sockaddr_in from;

	(void)kfd;
	assert_true((flags & MSG_DONTWAIT) != 0);
	if (d == NULL) {
		errno = EAGAIN;
		return -1;
	}
	from = address_of(d->peer);
	memcpy(addr, &from, sizeof(from));
	*addrlen = sizeof(from);
	memcpy(buf, d->data, d->len < len ? d->len : len);
	return (ssize_t)d->len;
}

static const struct no_kernel carriers = {
	.sendto = fake_sendto,
	.recvfrom = fake_recvfrom,
	.poll = fake_poll,
};

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	pki_init(&pki, PKI_EC);
	pki_store_ca(LOOP_CA_TAG, &pki.ca);
	pki_store_identity(LOOP_SERVER_TAG, &pki.server);
	assert_int_equal(store_add(PSK_TAG, CRED_PSK, "a secret of ours", 16),
	    0);
	assert_int_equal(store_add(PSK_TAG, CRED_PSK_ID, "us", 2), 0);
	no_kernel_install(&carriers);
	return 0;
}

static struct dtls_sock *
inside(void)
{
	return (struct dtls_sock *)fdtable_peek(server);
}

static bool
has_session(int peer)
{
	union native_addr a = { .in = address_of(peer) };
	const struct dtls_sock *d = inside();

	return d->sessions.n > 0 && dtls_table_find(&d->sessions, &a) != NULL;
}

/* What it has got is what an honest client wrote, and from there. */
static void
server_recv(void)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char buf[64];
	ssize_t n;

	n = call_recvfrom(server, buf, sizeof(buf), MSG_DONTWAIT,
	    (struct sockaddr *)&from, &len);
	if (n < 0) {
		assert_int_equal(n, -EAGAIN);
		return;
	}
	assert_int_equal(n, 8);
	assert_memory_equal(buf, "honest ", 7);
	assert_int_equal(buf[7], ntohs(from.sin_port) - FIRST_PORT);
}

static void
server_poll(void)
{
	struct pollfd p = { .fd = server, .events = POLLIN };

	assert_in_range(poll_sockets(&p, 1, 0, false), 0, 1);
	if (p.revents & POLLIN && profile_get() != PROFILE_ZEPHYR_3_3)
		server_recv();
}

static void
server_send(int peer)
{
	const struct sockaddr_in to = address_of(peer);
	const size_t len = take_byte() * 8;
	static const char zeroes[255 * 8];

	(void)call_sendto(server, zeroes, len, 0, (const struct sockaddr *)&to,
	    sizeof(to));
}

/* The program's callback may use its socket. */
static int
callback(void *ctx, void *cert, int depth, uint32_t *flags)
{
	char byte;

	(void)ctx;
	(void)cert;
	(void)depth;
	(void)flags;
	(void)call_sendto(server, "x", 1, MSG_DONTWAIT, NULL, 0);
	(void)call_recvfrom(server, &byte, 1, MSG_DONTWAIT, NULL, NULL);
	return 0;
}

static void
set(int name, const void *val, size_t len)
{
	assert_int_equal(call_setsockopt(server, TLS_LEVEL, name, val,
	                     (socklen_t)len),
	    0);
}

static void
open_server(unsigned mode)
{
	const int tags[] = { LOOP_SERVER_TAG, PSK_TAG, LOOP_CA_TAG };
	const struct tls_verify_callback c = { .call = callback };
	const struct sockaddr_in own = address_of(PEERS);
	const int verify = mode & 4 ? TLS_VERIFY_OPTIONAL : TLS_VERIFY_NONE;

	profile_set((enum profile)((mode & 3) % PROFILE_COUNT));
	limits_clear();
	if (mode & 8)
		assert_int_equal(limits_set("CONFIG_NET_SOCKETS_TLS_MAX_SESSION"
		                            "_CONTEXTS",
		                     3),
		    0);
	server = call_socket(AF_INET, SOCK_DGRAM, KINDS_DTLS_1_2);
	assert_true(server >= 0);
	set(TLS_NAME_DTLS_ROLE, &(int){ TLS_ROLE_SERVER }, sizeof(int));
	set(TLS_NAME_SEC_TAG_LIST, tags, sizeof(tags));
	set(TLS_NAME_PEER_VERIFY, &verify, sizeof(verify));
	if (mode & 4 && profile_get() != PROFILE_ZEPHYR_3_3)
		set(TLS_NAME_CERT_VERIFY_CALLBACK, &c, sizeof(c));
	assert_int_equal(call_bind(server, (const struct sockaddr *)&own,
	                     sizeof(own)),
	    0);
}

static void
begin_client(struct peer *p, bool psk)
{
	const int ca[] = { LOOP_CA_TAG, LOOP_SERVER_TAG }, key[] = { PSK_TAG };
	struct tls_settings settings;
	struct tls_context *ctx;
	struct verdict why;

	tls_engine_free(p->engine);
	tls_settings_init(&settings);
	assert_int_equal(tls_settings_set_tags(&settings, psk ? key : ca,
	                     psk ? 1 : 2),
	    0);
	assert_int_equal(tls_settings_set_hostname(&settings, "localhost"), 0);
	assert_int_equal(tls_context_get(settings.tags, settings.ntags, &ctx,
	                     &why),
	    0);
	assert_int_equal(tls_engine_new(ctx, &settings, TLS_ROLE_CLIENT,
	                     DTLS1_2_VERSION, "server", &p->engine, &why),
	    0);
	tls_context_put(ctx);
	tls_settings_fini(&settings);
}

/* Sends what the client has to say; of the first one changes many bytes. */
static void
carry(int peer, unsigned changes)
{
	struct peer *p = &peers[peer];
	const void *data;
	size_t n;

	while ((n = tls_engine_output(p->engine, &data)) > 0) {
		struct datagram *d = &p->last;

		d->len = n < DATAGRAM_MAX ? n : DATAGRAM_MAX;
		memcpy(d->data, data, d->len);
		for (; changes > 0; changes--) {
			const size_t at = take_byte() + take_byte() * 256;

			d->data[at % d->len] ^= (uint8_t)take_byte();
		}
		(void)push(&to_server, d->data, d->len, peer);
		tls_engine_output_done(p->engine, n);
	}
}

/* One datagram in, and what that leads to. */
static void
step_client(int peer, unsigned changes)
{
	struct peer *p = &peers[peer];
	const struct datagram *d = pop(&p->in);
	char buf[2048];

	if (p->engine == NULL || tls_engine_error(p->engine) != 0)
		begin_client(p, peer % 4 != 3);
	if (d != NULL)
		tls_engine_datagram(p->engine, d->data, d->len);
	if (tls_engine_handshake(p->engine) == 0) {
		while (tls_engine_read(p->engine, buf, sizeof(buf)) > 0)
			continue;
	}
	if (tls_engine_timer_ms(p->engine) == 0)
		(void)tls_engine_timer(p->engine);
	(void)tls_engine_readable(p->engine); /* d is lent no longer */
	carry(peer, changes);
}

/* Takes the client through its whole handshake; that takes its time. */
static void
meet(int peer)
{
	if (meetings++ >= MEETINGS_MAX)
		return;
	for (int i = 0; i < 8; i++) {
		do {
			step_client(peer, 0);
		} while (peers[peer].in.n > 0);
		server_poll();
	}
}

static void
client_write(int peer, unsigned changes)
{
	char text[8] = "honest ";

	text[7] = (char)peer;
	if (peers[peer].engine == NULL ||
	    tls_engine_version(peers[peer].engine) == NULL)
		return;
	(void)tls_engine_write(peers[peer].engine, text, sizeof(text));
	carry(peer, changes);
}

/*
 * Nobody gets more than came in his name, unless he has shown that he is there.
 */
static void
stranger(int peer)
{
	const bool before = has_session(peer);
	uint8_t data[DATAGRAM_MAX];
	size_t len = take_byte() * 2;

	for (size_t i = 0; i < len; i++)
		data[i] = (uint8_t)take_byte();
	while (to_server.n > 0)
		server_recv();
	answered_to = peer;
	answered = 0;
	(void)push(&to_server, data, len, peer);
	while (to_server.n > 0)
		server_recv();
	if (!before && !has_session(peer))
		assert_in_range(answered, 0, len);
	answered_to = -1;
}

/* The last datagram of a peer once more, from whoever it says; or not. */
static void
replay(int peer, int as)
{
	(void)push(&to_server, peers[peer].last.data, peers[peer].last.len, as);
}

static void
step(void)
{
	const unsigned what = take_byte();
	const int peer = (int)(what >> 4) % PEERS;

	switch (what & 15) {
	case 0:
		stranger(peer);
		break;
	case 1:
		step_client(peer, 0);
		break;
	case 2:
		step_client(peer, 1 + take_byte() % 8);
		break;
	case 3:
		let_time_pass(take_byte() * 20);
		break;
	case 4:
		server_recv();
		break;
	case 5:
		server_poll();
		break;
	case 6:
		server_send(peer);
		break;
	case 7:
		client_write(peer, 0);
		break;
	case 8:
		client_write(peer, 1 + take_byte() % 8);
		break;
	case 9:
		replay(peer, peer);
		break;
	case 10: /* in another's name */
		replay(peer, (int)take_byte() % PEERS);
		break;
	case 11:
		begin_client(&peers[peer], peer % 4 != 3);
		break;
	case 12:
		if (peers[peer].engine != NULL)
			tls_engine_shutdown(peers[peer].engine);
		break;
	case 13:
		(void)pop(&peers[peer].in);
		break;
	case 14:
		set(TLS_NAME_DTLS_HANDSHAKE_TIMEOUT_MIN,
		    &(uint32_t){ take_byte() * 20 }, sizeof(uint32_t));
		break;
	default:
		meet(peer);
		break;
	}
	assert_in_range(inside()->sessions.n, 0, PEERS);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	input = data;
	left = size;
	answered_to = -1;
	meetings = 0;
	open_server(take_byte());
	while (left > 0)
		step();
	assert_int_equal(call_close(server), 0);
	for (int i = 0; i < PEERS; i++) {
		tls_engine_free(peers[i].engine);
		peers[i].engine = NULL;
		peers[i].in.n = peers[i].last.len = 0;
	}
	to_server.n = 0;
	return 0;
}
