/* Sockets closed by other threads while they are in use, and credentials that
 * change under those who use them. */
#include "soak/soak.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <zephyr/net/tls_credentials.h>

#include "base/err.h"

/* A tag that comes and goes. */
#define SPARE 40

static pthread_t closer, changer;

static void
sleep_us(long us)
{
	const struct timespec t = { us / 1000000, us % 1000000 * 1000 };

	(void)nanosleep(&t, NULL);
}

struct victim {
	int sock;
	long after_us;
};

static void *
close_it(void *arg)
{
	const struct victim *v = arg;

	sleep_us(v->after_us);
	if (zsock_close(v->sock) != 0)
		soak_wrong("close answers %s", err_name(errno));
	return NULL;
}

/* Nothing comes there, so only the close ends the call. */
static void
wait_on(int sock, bool polls)
{
	struct zsock_pollfd p = { sock, ZSOCK_POLLIN, 0 };
	char byte;
	ssize_t n;

	n = polls ? zsock_poll(&p, 1, -1) : zsock_recv(sock, &byte, 1, 0);
	if (polls && n == 1 && p.revents == ZSOCK_POLLNVAL)
		return; /* it was closed before */
	if (n != -1 || (errno != EINTR && errno != EBADF))
		soak_wrong("a closed socket answers %zd, %s", n,
		    n == -1 ? err_name(errno) : "no error");
}

/* A connection of that kind, or -1. */
static int
connect_to(const struct soak_row *row, const struct sockaddr_in *addr)
{
	const int sock = zsock_socket(AF_INET, row->type, row->proto);
	int rc = 0;

	if (sock < 0)
		return -1;
	if (row->proto != 0) {
		rc = zsock_setsockopt(sock, ZSOCK_SOL_TLS,
		    ZSOCK_TLS_SEC_TAG_LIST, &row->client_tag, sizeof(int));
		rc |= zsock_setsockopt(sock, ZSOCK_SOL_TLS, ZSOCK_TLS_HOSTNAME,
		    "localhost", 9);
	}
	if (rc == 0)
		rc = zsock_connect(sock, (const struct sockaddr *)addr,
		    sizeof(*addr));
	if (rc == 0)
		return sock;
	(void)zsock_close(sock);
	return -1;
}

static void
close_one(struct soak_random *r)
{
	const int kind = (int)soak_random(r, SOAK_SERVERS);
	struct victim v;
	pthread_t thread;

	pthread_rwlock_rdlock(&soak_numbers);
	v.sock = connect_to(&soak_rows[kind], &soak_addrs[kind]);
	pthread_rwlock_unlock(&soak_numbers);
	if (v.sock < 0)
		return;
	v.after_us = (long)soak_random(r, 2000);
	pthread_rwlock_wrlock(&soak_numbers);
	thread = soak_thread(close_it, &v);
	wait_on(v.sock, soak_random(r, 2) == 0);
	pthread_join(thread, NULL);
	pthread_rwlock_unlock(&soak_numbers);
	atomic_fetch_add(&soak_closes, 1);
}

static void *
close_sockets(void *arg)
{
	struct soak_random r = soak_random_of(2000);

	(void)arg;
	while (!atomic_load(&soak_stop)) {
		close_one(&r);
		sleep_us(20000 + (long)soak_random(&r, 80000));
	}
	return NULL;
}

/* Another certificate of the same CA; a new key each time. */
static void
renew_identity(void)
{
	struct pki_cert c;

	pki_make(&c, &soak_pki.ca,
	    &(struct pki_spec){ .name = "localhost",
	        .san = "DNS:localhost,IP:127.0.0.1" });
	pki_store_identity(SOAK_SERVER, &c);
	pki_free(&c);
}

static void
add_and_delete(struct soak_random *r)
{
	const int tag = SPARE + (int)soak_random(r, 8);
	const char *value = "of no use";
	size_t len = 0;

	(void)tls_credential_add(tag, TLS_CREDENTIAL_PSK_ID, value,
	    strlen(value));
	(void)tls_credential_get(tag, TLS_CREDENTIAL_PSK_ID, NULL, &len);
	if (soak_random(r, 2) == 0)
		(void)tls_credential_delete(tag, TLS_CREDENTIAL_PSK_ID);
}

static void *
change_credentials(void *arg)
{
	struct soak_random r = soak_random_of(3000);

	(void)arg;
	while (!atomic_load(&soak_stop)) {
		if (soak_random(&r, 4) == 0)
			renew_identity();
		add_and_delete(&r);
		atomic_fetch_add(&soak_changes, 1);
		sleep_us(100000 + (long)soak_random(&r, 100000));
	}
	for (int tag = SPARE; tag < SPARE + 8; tag++)
		pki_forget(tag);
	return NULL;
}

void
soak_start_trouble(void)
{
	closer = soak_thread(close_sockets, NULL);
	changer = soak_thread(change_credentials, NULL);
}

void
soak_join_trouble(void)
{
	pthread_join(closer, NULL);
	pthread_join(changer, NULL);
}
