/* What clients do, in a few threads that have some connections each. */
#include "soak/soak.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <zephyr/zvfs/eventfd.h>

#define PER_THREAD (SOAK_CONNECTIONS / SOAK_CLIENT_THREADS)
#define MESSAGE 4096
#define DATAGRAM 1000
#define PAIR_BYTES 64
#define WAIT_S 5

/* sock is -1 while it is not open; other is a pair's second end. */
struct slot {
	enum soak_kind kind;
	int sock, other;
};

struct client {
	struct soak_random random;
	pthread_t thread;
	struct slot slots[PER_THREAD];
	unsigned char sent[MESSAGE], got[MESSAGE];
};

static struct client clients[SOAK_CLIENT_THREADS];

static void
drop(struct slot *s)
{
	(void)zsock_close(s->sock);
	if (s->other >= 0)
		(void)zsock_close(s->other);
	s->sock = s->other = -1;
}

static void
fail(struct slot *s)
{
	atomic_fetch_add(&soak_failures, 1);
	drop(s);
}

/* What a secure client needs; the cache is on for every second one. */
static int
secure(struct client *c, int sock, const struct soak_row *row)
{
	const int cache = (int)soak_random(&c->random, 2);
	int rc = zsock_setsockopt(sock, ZSOCK_SOL_TLS, ZSOCK_TLS_SEC_TAG_LIST,
	    &row->client_tag, sizeof(int));

	rc |= zsock_setsockopt(sock, ZSOCK_SOL_TLS, ZSOCK_TLS_HOSTNAME,
	    "localhost", 9);
	if (row->suite != 0)
		rc |= zsock_setsockopt(sock, ZSOCK_SOL_TLS,
		    ZSOCK_TLS_CIPHERSUITE_LIST, &row->suite, sizeof(int));
	rc |= zsock_setsockopt(sock, ZSOCK_SOL_TLS, ZSOCK_TLS_SESSION_CACHE,
	    &cache, sizeof(cache));
	return rc;
}

static void
open_client(struct client *c, struct slot *s)
{
	const struct soak_row *row = &soak_rows[s->kind];
	const struct sockaddr_in *addr = &soak_addrs[s->kind];
	const struct timeval most = { WAIT_S, 0 };
	int rc = 0;

	pthread_rwlock_rdlock(&soak_numbers);
	s->sock = zsock_socket(AF_INET, row->type, row->proto);
	pthread_rwlock_unlock(&soak_numbers);
	soak_must(s->sock >= 0, "open a socket");
	if (row->proto != 0)
		rc = secure(c, s->sock, row);
	rc |= zsock_setsockopt(s->sock, ZSOCK_SOL_SOCKET, ZSOCK_SO_RCVTIMEO,
	    &most, sizeof(most));
	if (rc == 0)
		rc = zsock_connect(s->sock, (const struct sockaddr *)addr,
		    sizeof(*addr));
	if (rc < 0) {
		fail(s);
		return;
	}
	atomic_fetch_add(&soak_connections, 1);
}

static void
open_slot(struct client *c, struct slot *s)
{
	int sv[2], rc;

	if (s->kind < SOAK_SERVERS) {
		open_client(c, s);
		return;
	}
	pthread_rwlock_rdlock(&soak_numbers);
	if (s->kind == SOAK_PAIR) {
		rc = zsock_socketpair(AF_UNIX, SOCK_STREAM, 0, sv);
		soak_must(rc == 0, "open a socketpair");
		s->sock = sv[0];
		s->other = sv[1];
	} else {
		s->sock = zvfs_eventfd(0, 0);
		soak_must(s->sock >= 0, "open an eventfd");
	}
	pthread_rwlock_unlock(&soak_numbers);
	atomic_fetch_add(&soak_connections, 1);
}

static bool
send_all(int sock, const unsigned char *buf, size_t len)
{
	while (len > 0) {
		const ssize_t n = zsock_send(sock, buf, len, 0);

		if (n <= 0)
			return false;
		buf += n;
		len -= (size_t)n;
	}
	return true;
}

static bool
recv_all(int sock, unsigned char *buf, size_t len)
{
	while (len > 0) {
		const ssize_t n = zsock_recv(sock, buf, len, 0);

		if (n <= 0)
			return false;
		buf += n;
		len -= (size_t)n;
	}
	return true;
}

static void
check(struct client *c, const struct slot *s, size_t len)
{
	if (memcmp(c->sent, c->got, len) != 0)
		soak_wrong("kind %d: what came back is not what was sent",
		    s->kind);
}

static void
fill(struct client *c, size_t len)
{
	for (size_t i = 0; i < len; i++)
		c->sent[i] = (unsigned char)soak_random(&c->random, 256);
}

static void
talk_stream(struct client *c, struct slot *s, int to, size_t most)
{
	const size_t len = 1 + soak_random(&c->random, (uint32_t)most);

	fill(c, len);
	if (!send_all(s->sock, c->sent, len) || !recv_all(to, c->got, len))
		fail(s);
	else
		check(c, s, len);
}

/* One that is lost takes its answer with it: then begin anew. */
static void
talk_datagram(struct client *c, struct slot *s)
{
	const size_t len = 1 + soak_random(&c->random, DATAGRAM);
	ssize_t n;

	fill(c, len);
	if (zsock_send(s->sock, c->sent, len, 0) != (ssize_t)len) {
		fail(s);
		return;
	}
	n = zsock_recv(s->sock, c->got, sizeof(c->got), 0);
	if (n < 0)
		fail(s);
	else if ((size_t)n != len)
		soak_wrong("a datagram of %zu bytes has %zd", len, n);
	else
		check(c, s, len);
}

static void
talk_event(struct client *c, const struct slot *s)
{
	const uint64_t add = 1 + soak_random(&c->random, 1000);
	uint64_t value = 0;

	if (zvfs_eventfd_write(s->sock, add) != 0 ||
	    zvfs_eventfd_read(s->sock, &value) != 0 || value != add)
		soak_wrong("an eventfd has %lu instead of %lu",
		    (unsigned long)value, (unsigned long)add);
}

static void
talk(struct client *c, struct slot *s)
{
	switch (s->kind) {
	case SOAK_UDP:
	case SOAK_DTLS:
		talk_datagram(c, s);
		break;
	case SOAK_PAIR:
		talk_stream(c, s, s->other, PAIR_BYTES);
		break;
	case SOAK_EVENT:
		talk_event(c, s);
		break;
	default:
		talk_stream(c, s, s->sock, MESSAGE);
		break;
	}
}

/* Whatever they answer; the next talk shows that nothing was harmed. */
static void
change_options(struct client *c, const struct slot *s)
{
	const struct timeval most = { WAIT_S + 1, 0 };
	const int on = (int)soak_random(&c->random, 2);
	struct zsock_pollfd p = { s->sock, ZSOCK_POLLIN | ZSOCK_POLLOUT, 0 };
	int error;
	socklen_t len = sizeof(error);

	(void)zsock_setsockopt(s->sock, IPPROTO_TCP, ZSOCK_TCP_NODELAY, &on,
	    sizeof(on));
	(void)zsock_setsockopt(s->sock, ZSOCK_SOL_SOCKET, ZSOCK_SO_RCVTIMEO,
	    &most, sizeof(most));
	(void)zsock_setsockopt(s->sock, ZSOCK_SOL_TLS, ZSOCK_TLS_PEER_VERIFY,
	    &on, sizeof(on));
	(void)zsock_getsockopt(s->sock, ZSOCK_SOL_SOCKET, ZSOCK_SO_ERROR,
	    &error, &len);
	(void)zsock_poll(&p, 1, 0);
}

static void
kill_peer(struct slot *s)
{
	const struct linger now = { 1, 0 };

	(void)zsock_setsockopt(s->sock, ZSOCK_SOL_SOCKET, ZSOCK_SO_LINGER, &now,
	    sizeof(now));
	atomic_fetch_add(&soak_kills, 1);
	drop(s);
}

static void
act(struct client *c, struct slot *s)
{
	const uint32_t what = soak_random(&c->random, 100);

	if (s->sock < 0)
		open_slot(c, s);
	else if (what < 90)
		talk(c, s);
	else if (what < 94)
		change_options(c, s);
	else if (what < 98)
		drop(s);
	else
		kill_peer(s);
	atomic_fetch_add(&soak_operations, 1);
}

static void
pause_for_rate(void)
{
	const struct timespec t = { 0,
		(long)(1000000000ULL * SOAK_CLIENT_THREADS / soak_rate) };

	(void)nanosleep(&t, NULL);
}

static void *
be_client(void *arg)
{
	struct client *c = arg;

	while (!atomic_load(&soak_stop)) {
		act(c, &c->slots[soak_random(&c->random, PER_THREAD)]);
		if (soak_rate > 0)
			pause_for_rate();
	}
	for (int i = 0; i < PER_THREAD; i++) {
		if (c->slots[i].sock >= 0)
			drop(&c->slots[i]);
	}
	return NULL;
}

void
soak_start_clients(void)
{
	for (unsigned i = 0; i < SOAK_CLIENT_THREADS; i++) {
		struct client *c = &clients[i];

		c->random = soak_random_of(i);
		for (unsigned k = 0; k < PER_THREAD; k++)
			c->slots[k] = (struct slot){
				(enum soak_kind)((k + i) % SOAK_KINDS), -1, -1
			};
		c->thread = soak_thread(be_client, c);
	}
}

void
soak_join_clients(void)
{
	for (int i = 0; i < SOAK_CLIENT_THREADS; i++)
		pthread_join(clients[i].thread, NULL);
}
