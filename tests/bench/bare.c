#include "bench/bare.h"

#include <unistd.h>

#include "bench/machine.h"

/* A thread's own. */
static _Thread_local char buf[WAYS_SIZE_MAX];

static void
flush(const struct bench_end *e)
{
	char *p;
	int n;

	while ((n = BIO_nread0(e->network, &p)) > 0) {
		const ssize_t sent = send(e->fd, p, (size_t)n, MSG_NOSIGNAL);

		bench_must(sent > 0, "send");
		bench_must(BIO_nread(e->network, &p, (int)sent) == sent,
		    "BIO_nread");
	}
}

static void
fill(const struct bench_end *e)
{
	char *p;
	const int room = BIO_nwrite0(e->network, &p);
	ssize_t got;

	bench_must(room > 0, "BIO_nwrite0");
	got = recv(e->fd, p, (size_t)room, 0);
	bench_must(got > 0, "recv");
	bench_must(BIO_nwrite(e->network, &p, (int)got) == got, "BIO_nwrite");
}

/* What OpenSSL wants: one of its answers was not 1. */
static void
serve(const struct bench_end *e, int rc)
{
	const int error = SSL_get_error(e->ssl, rc);

	flush(e);
	if (error == SSL_ERROR_WANT_READ)
		fill(e);
	else
		bench_must(error == SSL_ERROR_WANT_WRITE, "OpenSSL on a pair");
}

static void
bare_send(const struct bench_end *e, size_t n)
{
	size_t done;
	int rc;

	while ((rc = SSL_write_ex(e->ssl, buf, n, &done)) != 1)
		serve(e, rc);
	flush(e);
}

static void
bare_recv(const struct bench_end *e, size_t n, size_t size)
{
	size_t done = 0, got;
	int rc;

	while (done < n) {
		rc = SSL_read_ex(e->ssl, buf, n - done < size ? n - done : size,
		    &got);
		if (rc == 1)
			done += got;
		else
			serve(e, rc);
	}
}

const struct bench_way ways_bare = { bare_send, bare_recv };

void
bare_attach(struct bench_end *e, size_t ring)
{
	BIO *inside;

	bench_must(BIO_new_bio_pair(&inside, ring, &e->network, ring) == 1,
	    "BIO_new_bio_pair");
	SSL_set_bio(e->ssl, inside, inside);
}

void
bare_handshake(const struct bench_end *e)
{
	int rc;

	while ((rc = SSL_do_handshake(e->ssl)) != 1)
		serve(e, rc);
	flush(e);
}

void
bare_shutdown(const struct bench_end *e)
{
	(void)SSL_shutdown(e->ssl); /* the peer's is not waited for */
	flush(e);
}

void
bare_free(const struct bench_end *e)
{
	SSL_free(e->ssl);
	BIO_free(e->network);
	close(e->fd);
}

void
ways_connect_bare(struct bench_end ends[2], size_t ring)
{
	ways_connect_openssl(ends);
	for (int i = 0; i < 2; i++)
		bare_attach(&ends[i], ring);
}

void
ways_close_bare(struct bench_end ends[2])
{
	for (int i = 0; i < 2; i++)
		bare_free(&ends[i]);
}
