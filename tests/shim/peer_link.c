/* One connection of the peer's: bytes in, bytes out, and how it ended. */
#include "peer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

static void
settle(struct link *l, bool good)
{
	pthread_mutex_lock(&peer.lock);
	l->settled = true;
	l->failed = !good;
	pthread_cond_broadcast(&peer.news);
	pthread_mutex_unlock(&peer.lock);
}

struct link *
link_add(int fd, enum peer_mode mode, bool client)
{
	struct link *l = calloc(1, sizeof(*l));

	NEED(l != NULL);
	l->fd = fd;
	l->mode = mode;
	l->client = client;
	l->hash = HASH_BASIS;
	l->end = "open";
	pthread_mutex_lock(&peer.lock);
	l->number = peer.nlinks++;
	l->next = peer.links;
	peer.links = l;
	pthread_mutex_unlock(&peer.lock);
	return l;
}

struct link *
link_find(int number)
{
	struct link *l;

	pthread_mutex_lock(&peer.lock);
	for (l = peer.links; l != NULL && l->number != number;)
		l = l->next;
	pthread_mutex_unlock(&peer.lock);
	return l;
}

/* Why the last call of OpenSSL did not do it, in l. */
static void
note_error(struct link *l, int ret)
{
	const int code = SSL_get_error(l->ssl, ret), saved = errno;
	const unsigned long e = ERR_peek_error();

	if (code == SSL_ERROR_ZERO_RETURN) {
		l->notify++;
		l->end = "notify";
	} else if (code == SSL_ERROR_SYSCALL && e == 0) {
		l->end = saved == ECONNRESET ? "reset" : "eof";
	} else if (ERR_GET_REASON(e) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
		l->end = "eof";
	} else {
		l->end = "bad";
		l->bad++;
		ERR_error_string_n(e, l->reason, sizeof(l->reason));
	}
	ERR_clear_error();
}

static void
take_in(struct link *l, const unsigned char *buf, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		l->hash = (l->hash ^ buf[i]) * UINT64_C(0x100000001b3);
		if (buf[i] == 0xff)
			l->marks++;
		else if (buf[i] != pattern_at(l->in + i - l->marks))
			l->strange++;
	}
	l->in += n;
}

size_t
link_read(struct link *l, void *buf, size_t len)
{
	ssize_t n;

	if (strcmp(l->end, "open") != 0)
		return 0;
	if (l->ssl == NULL) {
		do
			n = recv(l->fd, buf, len, 0);
		while (n < 0 && errno == EINTR);
		if (n < 0)
			l->end = errno == ECONNRESET ? "reset" : "eof";
		else if (n == 0)
			l->end = "eof";
	} else {
		ERR_clear_error();
		errno = 0;
		n = SSL_read(l->ssl, buf, (int)len);
		if (n <= 0)
			note_error(l, (int)n);
	}
	if (n <= 0)
		return 0;
	take_in(l, buf, (size_t)n);
	return (size_t)n;
}

void
link_drain(struct link *l)
{
	char buf[16384];
	ssize_t n;

	while (link_read(l, buf, sizeof(buf)) > 0)
		;
	if (strcmp(l->end, "notify") != 0 || peer.kind == PEER_DTLS)
		return;
	/* What comes on the wire after the goodbye is nobody's. */
	do
		n = recv(l->fd, buf, sizeof(buf), 0);
	while (n > 0 || (n < 0 && errno == EINTR));
	/* Who has closed need not read the answer to its goodbye. */
	l->end = n == 0 || l->replied ? "eof" : "reset";
}

static bool
send_raw(int fd, const unsigned char *buf, size_t len)
{
	while (len > 0) {
		const ssize_t n = send(fd, buf, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		buf += n;
		len -= (size_t)n;
	}
	return true;
}

/*
 * The wire's form of n bytes of the pattern in records of size bytes; to be
 * freed.  Only for streams.
 */
static unsigned char *
make_records(struct link *l, size_t n, size_t size, size_t *len)
{
	BIO *wire = SSL_get_wbio(l->ssl), *memory = BIO_new(BIO_s_mem());
	unsigned char buf[16384], *bytes = NULL;
	long have;
	char *data;

	NEED(size > 0 && size <= sizeof(buf));
	BIO_up_ref(wire);
	SSL_set0_wbio(l->ssl, memory);
	while (n > 0) {
		const size_t now = n < size ? n : size;

		for (size_t i = 0; i < now; i++)
			buf[i] = pattern_at(l->out++);
		NEED(SSL_write(l->ssl, buf, (int)now) == (int)now);
		n -= now;
	}
	have = BIO_get_mem_data(memory, &data);
	bytes = malloc((size_t)have);
	NEED(bytes != NULL);
	memcpy(bytes, data, (size_t)have);
	*len = (size_t)have;
	SSL_set0_wbio(l->ssl, wire);
	return bytes;
}

bool
link_write(struct link *l, const void *buf, size_t len)
{
	if (l->ssl == NULL)
		return send_raw(l->fd, buf, len);
	return SSL_write(l->ssl, buf, (int)len) == (int)len;
}

/* Datagrams, or a plain stream: size bytes by each send. */
static bool
send_apart(struct link *l, size_t n, size_t size)
{
	unsigned char buf[16384];
	bool good = true;

	NEED(size > 0 && size <= sizeof(buf));
	while (good && n > 0) {
		const size_t now = n < size ? n : size;

		for (size_t i = 0; i < now; i++)
			buf[i] = pattern_at(l->out++);
		good = link_write(l, buf, now);
		n -= now;
	}
	return good;
}

bool
link_send(struct link *l, size_t n, size_t size)
{
	unsigned char *bytes;
	size_t len;
	bool good;

	if (peer.kind != PEER_TLS)
		return send_apart(l, n, size);
	bytes = make_records(l, n, size, &len);
	good = send_raw(l->fd, bytes, len);
	free(bytes);
	return good;
}

bool
link_hold(struct link *l, size_t n, size_t k)
{
	if (l->held != NULL || k == 0)
		return false;
	if (peer.kind == PEER_TLS) {
		l->held = make_records(l, n, n, &l->nheld);
	} else {
		l->held = malloc(n);
		NEED(l->held != NULL);
		for (size_t i = 0; i < n; i++)
			l->held[i] = pattern_at(l->out++);
		l->nheld = n;
	}
	l->sent = 0;
	l->piece = (l->nheld + k - 1) / k;
	return true;
}

bool
link_piece(struct link *l)
{
	const size_t left = l->nheld - l->sent;
	const size_t n = left < l->piece ? left : l->piece;

	if (l->held == NULL || !send_raw(l->fd, l->held + l->sent, n))
		return false;
	l->sent += n;
	if (l->sent == l->nheld) {
		free(l->held);
		l->held = NULL;
	}
	return true;
}

void
link_say(const struct link *l, char *buf, size_t size)
{
	snprintf(buf, size,
	    "link %d in=%llu marks=%llu strange=%llu hash=%016llx notify=%u "
	    "bad=%u end=%s %s",
	    l->number, (unsigned long long)l->in, (unsigned long long)l->marks,
	    (unsigned long long)l->strange, (unsigned long long)l->hash,
	    l->notify, l->bad, l->failed ? "handshake" : l->end, l->reason);
}

static void
echo(struct link *l)
{
	char buf[16384];
	size_t n;

	while ((n = link_read(l, buf, sizeof(buf))) > 0) {
		if (!link_write(l, buf, n))
			break;
	}
	if (l->ssl != NULL && strcmp(l->end, "notify") == 0)
		l->replied = SSL_shutdown(l->ssl) >= 0;
	if (peer.kind != PEER_DTLS) {
		shutdown(l->fd, SHUT_WR);
		link_drain(l);
	}
}

static void
work(struct link *l, enum peer_mode mode)
{
	if (mode == MODE_SPEAK && !link_send(l, 300, 300))
		return;
	if (mode == MODE_ECHO || mode == MODE_SPEAK)
		echo(l);
	else if (mode == MODE_SINK)
		link_drain(l);
}

static bool
shake(struct link *l)
{
	BIO *bio;
	int ret;

	if (peer.kind == PEER_PLAIN)
		return true;
	l->ssl = SSL_new(l->client ? peer.client : peer.server);
	NEED(l->ssl != NULL);
	bio = peer.kind == PEER_DTLS ? BIO_new_dgram(l->fd, BIO_NOCLOSE)
	                             : BIO_new_socket(l->fd, BIO_NOCLOSE);
	NEED(bio != NULL);
	if (peer.kind == PEER_DTLS) {
		struct sockaddr_storage addr;
		socklen_t len = sizeof(addr);

		NEED(getpeername(l->fd, (void *)&addr, &len) == 0);
		BIO_ctrl_set_connected(bio, &addr);
	}
	SSL_set_bio(l->ssl, bio, bio);
	ret = l->client ? SSL_connect(l->ssl) : SSL_accept(l->ssl);
	if (ret == 1)
		return true;
	note_error(l, ret);
	return false;
}

/* The thread is done with it; an end of a stream that came needs it no more. */
static void
rest(struct link *l)
{
	const bool ended =
	    strcmp(l->end, "eof") == 0 || strcmp(l->end, "reset") == 0;

	pthread_mutex_lock(&peer.lock);
	if (ended && peer.kind != PEER_DTLS) {
		SSL_free(l->ssl);
		l->ssl = NULL;
		close(l->fd);
		l->fd = -1;
	}
	l->busy = false;
	pthread_cond_broadcast(&peer.news);
	pthread_mutex_unlock(&peer.lock);
}

static void *
run(void *arg)
{
	struct link *l = arg;
	const bool good = l->mode == MODE_MUTE || shake(l);

	settle(l, good);
	if (good)
		work(l, l->mode);
	rest(l);
	return NULL;
}

static void *
run_on(void *arg)
{
	struct link *l = arg;

	work(l, l->mode);
	rest(l);
	return NULL;
}

static void
start(struct link *l, void *(*body)(void *))
{
	pthread_attr_t attr;
	pthread_t thread;

	l->busy = true;
	NEED(pthread_attr_init(&attr) == 0);
	NEED(pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED) == 0);
	NEED(pthread_create(&thread, &attr, body, l) == 0);
	pthread_attr_destroy(&attr);
}

void
link_start(struct link *l)
{
	start(l, run);
}

void
link_continue(struct link *l, enum peer_mode mode)
{
	NEED(link_join(l, 10000));
	l->mode = mode;
	start(l, run_on);
}

bool
link_join(struct link *l, int ms)
{
	struct timespec end;
	int err = 0;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += ms / 1000;
	pthread_mutex_lock(&peer.lock);
	while (l->busy && err == 0)
		err = pthread_cond_timedwait(&peer.news, &peer.lock, &end);
	pthread_mutex_unlock(&peer.lock);
	return err == 0;
}
