#include "sweep/ends.h"

#include <errno.h>
#include <string.h>

#include <zephyr/net/socket.h>

#include "base/err.h"
#include "sweep/turns.h"

#define BYTES_MAX 65536

/* More tries than that are none. */
#define TRIES 1000

#define WAIT_MS 20000

static unsigned char buffers[2][BYTES_MAX];

unsigned char
ends_byte(int side, size_t n)
{
	return (unsigned char)(n * 7 + n / 251 + (size_t)side * 101);
}

static int
set(struct scene_run *run, int sock, int name, const void *val, size_t len)
{
	return (int)scene_did(run, DEED_OPTION, sock,
	    zsock_setsockopt(sock, ZSOCK_SOL_TLS, name, val,
	        (net_socklen_t)len));
}

static int
set_all(struct scene_run *run, int sock, const struct end *end)
{
	const int cache = end->cache;
	const char *protocols[] = { end->protocol };
	int rc = 0;

	if (end->ntags > 0)
		rc = set(run, sock, ZSOCK_TLS_SEC_TAG_LIST, end->tags,
		    (size_t)end->ntags * sizeof(int));
	if (rc == 0 && end->hostname != NULL)
		rc = set(run, sock, ZSOCK_TLS_HOSTNAME, end->hostname,
		    strlen(end->hostname));
	if (rc == 0 && end->suite != 0)
		rc = set(run, sock, ZSOCK_TLS_CIPHERSUITE_LIST, &end->suite,
		    sizeof(int));
	if (rc == 0 && end->verify != 0)
		rc = set(run, sock, ZSOCK_TLS_PEER_VERIFY, &end->verify,
		    sizeof(int));
	if (rc == 0 && end->protocol != NULL)
		rc = set(run, sock, ZSOCK_TLS_ALPN_LIST, protocols,
		    sizeof(protocols));
	if (rc == 0 && end->cache)
		rc = set(run, sock, ZSOCK_TLS_SESSION_CACHE, &cache,
		    sizeof(cache));
	return rc;
}

int
ends_open(struct scene_run *run, const struct ends *e, const struct end *end)
{
	const struct timeval most = { WAIT_MS / 1000, 0 };
	int sock, rc;

	scene_mine(run)->secure = e->proto != 0;
	sock = (int)scene_did(run, DEED_SOCKET, -1,
	    zsock_socket(AF_INET, e->type, e->proto));
	if (sock < 0)
		return -1;
	rc = set_all(run, sock, end);
	if (rc == 0 && e->type == SOCK_DGRAM) /* one may be lost */
		rc = (int)scene_did(run, DEED_OPTION, sock,
		    zsock_setsockopt(sock, ZSOCK_SOL_SOCKET, ZSOCK_SO_RCVTIMEO,
		        &most, sizeof(most)));
	if (rc == 0 && e->nonblock)
		rc = (int)scene_did(run, DEED_OPTION, sock,
		    zsock_fcntl(sock, ZVFS_F_SETFL, ZVFS_O_NONBLOCK));
	if (rc == 0)
		return sock;
	scene_close(run, sock);
	return -1;
}

static struct sockaddr_in
loopback(uint16_t port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

int
ends_bind(struct scene_run *run, int sock)
{
	struct sockaddr_in addr = loopback(0);
	socklen_t len = sizeof(addr);

	if (scene_did(run, DEED_BIND, sock,
	        zsock_bind(sock, (struct sockaddr *)&addr, len)) < 0 ||
	    scene_did(run, DEED_NAME, sock,
	        zsock_getsockname(sock, (struct sockaddr *)&addr, &len)) < 0)
		return -1;
	run->port = ntohs(addr.sin_port);
	return 0;
}

int
ends_wait(struct scene_run *run, int sock, short events)
{
	struct zsock_pollfd p = { .fd = sock, .events = events };
	const int n = zsock_poll(&p, 1, WAIT_MS);

	if (n == 0) {
		errno = ETIMEDOUT;
		(void)scene_did(run, DEED_POLL, sock, -1);
		return -1;
	}
	return scene_did(run, DEED_POLL, -1, n) < 0 ? -1 : 0;
}

bool
ends_again(struct scene_run *run, int sock, short events, int *tries)
{
	const int error = errno;

	if (++*tries > TRIES)
		scene_wrong(run, "%s for ever", err_name(error));
	else if (error == EINTR)
		return true;
	else if (error == EAGAIN && ends_wait(run, sock, events) == 0)
		return true;
	errno = error;
	return false;
}

int
ends_connect(struct scene_run *run, int sock)
{
	const struct sockaddr_in addr = loopback(run->port);
	int rc, error = 0, tries = 0;
	socklen_t len = sizeof(error);

	do {
		rc = zsock_connect(sock, (const struct sockaddr *)&addr,
		    sizeof(addr));
	} while (rc < 0 && run->scene->ends->nonblock && errno == EAGAIN &&
	    ++tries < TRIES);
	/* The kernel's own connect goes on by itself, interrupted or not. */
	if (rc == 0 || (errno != EINPROGRESS && errno != EINTR))
		return (int)scene_did(run, DEED_CONNECT, sock, rc);
	if (ends_wait(run, sock, ZSOCK_POLLOUT) < 0)
		return -1;
	rc = zsock_getsockopt(sock, ZSOCK_SOL_SOCKET, ZSOCK_SO_ERROR, &error,
	    &len);
	if (scene_did(run, DEED_OPTION, sock, rc) < 0)
		return -1;
	errno = error;
	return (int)scene_did(run, DEED_CONNECT, sock, error != 0 ? -1 : 0);
}

/*
 * A secure connection that has failed stays so, and says the same of it.  The
 * errno of the first is kept.
 */
static void
expect_final(struct scene_run *run, int sock, const char *what, bool sending)
{
	const int error = errno;
	char byte = 0;
	ssize_t n;

	if (!scene_mine(run)->secure || error == EAGAIN || error == EINTR ||
	    run->scene->ends->type != SOCK_STREAM)
		return;
	n = sending ? zsock_send(sock, &byte, 1, ZSOCK_MSG_DONTWAIT)
	            : zsock_recv(sock, &byte, 1, ZSOCK_MSG_DONTWAIT);
	if (n != -1 || errno != error)
		scene_wrong(run, "%s answers %s, and then %s", what,
		    err_name(error), n != -1 ? "bytes" : err_name(errno));
	errno = error;
}

static void
fill(const struct scene_side *s, unsigned char *buf, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf[i] = ends_byte(turns_side(), s->sent + i);
}

int
ends_send(struct scene_run *run, int sock, size_t len)
{
	struct scene_side *s = scene_mine(run);
	unsigned char *buf = buffers[turns_side()];
	size_t done = 0;
	int tries = 0;
	ssize_t n;

	while (done < len) {
		fill(s, buf, len - done);
		n = zsock_send(sock, buf, len - done, 0);
		if (n >= 0) {
			done += (size_t)n;
			s->sent += (size_t)n;
			continue;
		}
		if (ends_again(run, sock, ZSOCK_POLLOUT, &tries))
			continue;
		(void)scene_did(run, DEED_SEND, sock, -1);
		expect_final(run, sock, "send", true);
		return -1;
	}
	return 0;
}

/* Takes what was received at buf; it must be what the other has sent. */
static void
take(struct scene_run *run, const unsigned char *buf, size_t n)
{
	struct scene_side *s = scene_mine(run);

	for (size_t i = 0; i < n; i++) {
		if (buf[i] == ends_byte(!turns_side(), s->received + i))
			continue;
		scene_wrong(run, "byte %zu is not what was sent",
		    s->received + i);
		break;
	}
	s->received += n;
}

static ssize_t
recv_some(struct scene_run *run, int sock, size_t len, int *tries)
{
	unsigned char *buf = buffers[turns_side()];
	ssize_t n;

	do {
		n = zsock_recv(sock, buf, len, 0);
	} while (n < 0 && ends_again(run, sock, ZSOCK_POLLIN, tries));
	if (n > 0)
		take(run, buf, (size_t)n);
	if (n < 0) {
		(void)scene_did(run, DEED_RECV, sock, -1);
		expect_final(run, sock, "recv", false);
	}
	return n;
}

int
ends_recv(struct scene_run *run, int sock, size_t len)
{
	size_t done = 0;
	int tries = 0;
	ssize_t n;

	while (done < len) {
		n = recv_some(run, sock, len - done, &tries);
		if (n == 0)
			scene_mine(run)->ended = true;
		if (n <= 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

int
ends_recv_end(struct scene_run *run, int sock)
{
	int tries = 0;
	ssize_t n;

	while ((n = recv_some(run, sock, BYTES_MAX, &tries)) > 0)
		continue;
	if (n == 0)
		scene_mine(run)->ended = true;
	return n == 0 ? 0 : -1;
}

int
ends_send_to(struct scene_run *run, int sock, size_t len,
    const struct sockaddr_in *to)
{
	struct scene_side *s = scene_mine(run);
	unsigned char *buf = buffers[turns_side()];
	int tries = 0;
	ssize_t n;

	fill(s, buf, len);
	do {
		n = zsock_sendto(sock, buf, len, 0, (const struct sockaddr *)to,
		    to != NULL ? sizeof(*to) : 0);
	} while (n < 0 && ends_again(run, sock, ZSOCK_POLLOUT, &tries));
	if (scene_did(run, DEED_SEND, sock, n) < 0)
		return -1;
	if ((size_t)n != len)
		scene_wrong(run, "a part of a datagram is sent");
	s->sent += (size_t)n;
	return 0;
}

int
ends_recv_from(struct scene_run *run, int sock, size_t len,
    struct sockaddr_in *from)
{
	unsigned char *buf = buffers[turns_side()];
	socklen_t fromlen = sizeof(*from);
	int tries = 0;
	ssize_t n;

	do {
		n = zsock_recvfrom(sock, buf, BYTES_MAX, 0,
		    (struct sockaddr *)from, from != NULL ? &fromlen : NULL);
	} while (n < 0 && ends_again(run, sock, ZSOCK_POLLIN, &tries));
	if (scene_did(run, DEED_RECV, sock, n) < 0)
		return -1;
	if ((size_t)n != len)
		scene_wrong(run, "%zd bytes of a datagram of %zu", n, len);
	take(run, buf, (size_t)n);
	return 0;
}
