/* A thread for each kind of server: what comes is sent back. */
#include "soak/soak.h"

#include <errno.h>
#include <string.h>

#define SLOTS 96
#define LOOK_MS 100
#define MESSAGE 4096

struct server {
	const struct soak_row *row;
	struct soak_random random;
	pthread_t thread;
	int sock;
	struct zsock_pollfd fds[SLOTS]; /* the first is the listener */
	int n;
};

static struct server servers[SOAK_SERVERS];

static void
reset(int sock)
{
	const struct linger now = { 1, 0 };

	(void)zsock_setsockopt(sock, ZSOCK_SOL_SOCKET, ZSOCK_SO_LINGER, &now,
	    sizeof(now));
	(void)zsock_close(sock);
	atomic_fetch_add(&soak_kills, 1);
}

static void
take_in(struct server *s)
{
	int sock;

	pthread_rwlock_rdlock(&soak_numbers);
	sock = zsock_accept(s->sock, NULL, NULL);
	pthread_rwlock_unlock(&soak_numbers);
	if (sock < 0)
		return;
	if (s->n == SLOTS) {
		(void)zsock_close(sock);
		return;
	}
	s->fds[s->n++] = (struct zsock_pollfd){ sock, ZSOCK_POLLIN, 0 };
}

static bool
send_all(int sock, const char *buf, size_t len)
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

/* False: it is over. */
static bool
echo(struct server *s, int sock)
{
	char buf[MESSAGE];
	const ssize_t n =
	    zsock_recv(sock, buf, sizeof(buf), ZSOCK_MSG_DONTWAIT);

	if (n < 0 && errno == EAGAIN)
		return true;
	if (n <= 0 || !send_all(sock, buf, (size_t)n)) {
		(void)zsock_close(sock);
		return false;
	}
	if (soak_random(&s->random, 400) != 0)
		return true;
	reset(sock);
	return false;
}

static void *
serve_streams(void *arg)
{
	struct server *s = arg;

	s->fds[0] = (struct zsock_pollfd){ s->sock, ZSOCK_POLLIN, 0 };
	s->n = 1;
	while (!atomic_load(&soak_stop)) {
		if (zsock_poll(s->fds, s->n, LOOK_MS) <= 0)
			continue;
		for (int i = s->n - 1; i > 0; i--) {
			if (s->fds[i].revents != 0 && !echo(s, s->fds[i].fd))
				s->fds[i] = s->fds[--s->n];
		}
		if (s->fds[0].revents != 0)
			take_in(s);
	}
	while (s->n > 0)
		(void)zsock_close(s->fds[--s->n].fd);
	return NULL;
}

static void *
serve_datagrams(void *arg)
{
	struct server *s = arg;
	struct sockaddr_in from;
	char buf[MESSAGE];
	socklen_t len;
	ssize_t n;

	while (!atomic_load(&soak_stop)) {
		len = sizeof(from);
		n = zsock_recvfrom(s->sock, buf, sizeof(buf), 0,
		    (struct sockaddr *)&from, &len);
		if (n > 0)
			(void)zsock_sendto(s->sock, buf, (size_t)n, 0,
			    (struct sockaddr *)&from, len);
	}
	(void)zsock_close(s->sock);
	return NULL;
}

static void
open_server(struct server *s, struct sockaddr_in *addr)
{
	const struct soak_row *row = s->row;
	const struct timeval look = { 0, LOOK_MS * 1000 };
	const int role = ZSOCK_TLS_DTLS_ROLE_SERVER, cache = 1;
	socklen_t len = sizeof(*addr);
	int rc = 0;

	s->sock = zsock_socket(AF_INET, row->type, row->proto);
	*addr = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	if (row->proto != 0) {
		rc = zsock_setsockopt(s->sock, ZSOCK_SOL_TLS,
		    ZSOCK_TLS_SEC_TAG_LIST, &row->server_tag, sizeof(int));
		rc |= zsock_setsockopt(s->sock, ZSOCK_SOL_TLS,
		    ZSOCK_TLS_SESSION_CACHE, &cache, sizeof(cache));
	}
	if (row->type == SOCK_DGRAM)
		rc |= zsock_setsockopt(s->sock, ZSOCK_SOL_SOCKET,
		    ZSOCK_SO_RCVTIMEO, &look, sizeof(look));
	if (row->type == SOCK_DGRAM && row->proto != 0)
		rc |= zsock_setsockopt(s->sock, ZSOCK_SOL_TLS,
		    ZSOCK_TLS_DTLS_ROLE, &role, sizeof(role));
	rc |= zsock_bind(s->sock, (struct sockaddr *)addr, len);
	if (row->type == SOCK_STREAM)
		rc |= zsock_listen(s->sock, 16);
	rc |= zsock_getsockname(s->sock, (struct sockaddr *)addr, &len);
	soak_must(rc == 0, row->name);
}

void
soak_start_servers(void)
{
	for (int i = 0; i < SOAK_SERVERS; i++) {
		struct server *s = &servers[i];

		s->row = &soak_rows[i];
		s->random = soak_random_of(1000U + (unsigned)i);
		open_server(s, &soak_addrs[i]);
		s->thread =
		    soak_thread(s->row->type == SOCK_STREAM ? serve_streams
		                                            : serve_datagrams,
		        s);
	}
}

void
soak_join_servers(void)
{
	for (int i = 0; i < SOAK_SERVERS; i++)
		pthread_join(servers[i].thread, NULL);
}
