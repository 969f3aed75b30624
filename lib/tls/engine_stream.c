#include "tls/engine_parts.h"

#include "tls/dgram_bio.h"

bool
engine_parts_rings(struct tls_engine *e)
{
	if (e->rings != NULL)
		return true;
	e->rings = tls_rings_take();
	if (e->rings == NULL)
		return false;
	BIO_up_ref(e->rings->inside); /* the SSL drops one of its own */
	SSL_set_bio(e->ssl, e->rings->inside, e->rings->inside);
	return true;
}

bool
engine_parts_wake(struct tls_engine *e)
{
	if (e->dgram == NULL)
		return engine_parts_rings(e);
	if (e->resting && SSL_alloc_buffers(e->ssl) != 1)
		return false;
	e->resting = false;
	return true;
}

/* How many bytes wait to be sent. */
static size_t
waiting(const struct tls_engine *e)
{
	return e->rings != NULL ? tls_rings_out(e->rings) : 0;
}

/* OpenSSL's buffers hold the rest of a datagram, if anything is in them. */
static void
rest_dgram(struct tls_engine *e)
{
	/* To read, OpenSSL has taken its buffers by itself. */
	if (!e->established || (e->resting && !e->fed))
		return;
	if (e->hoards)
		(void)tls_engine_readable(e); /* so that OpenSSL tells */
	if (!engine_parts_starving(e))
		return;
	dgram_bio_trim(e->dgram);
	e->resting = SSL_free_buffers(e->ssl) == 1;
	e->fed = false;
}

void
tls_engine_rest(struct tls_engine *e)
{
	if (e->dgram != NULL) {
		rest_dgram(e);
		return;
	}
	if (e->rings == NULL || !e->established || waiting(e) > 0 ||
	    !engine_parts_starving(e))
		return;
	SSL_set_bio(e->ssl, NULL, NULL);
	tls_rings_give(e->rings);
	e->rings = NULL;
	if (!engine_parts_inside_record(e))
		SSL_free_buffers(e->ssl);
}

size_t
tls_engine_input(struct tls_engine *e, void **room)
{
	char *p;
	int n;

	if (!engine_parts_rings(e)) {
		(void)engine_parts_fail_memory(
		    e); /* the next call on the engine tells */
		return 0;
	}
	n = BIO_nwrite0(e->rings->network, &p);
	*room = p;
	return n > 0 ? (size_t)n : 0;
}

void
tls_engine_input_done(struct tls_engine *e, size_t n)
{
	char *p;
	size_t i = 0;

	BIO_nwrite(e->rings->network, &p, (int)n);
	e->starved = false;
	while (e->nopening < sizeof(e->opening) && i < n)
		e->opening[e->nopening++] = (unsigned char)p[i++];
}

void
tls_engine_input_end(struct tls_engine *e, int kernel_error)
{
	e->input_ended = true;
	e->input_error = kernel_error;
	if (engine_parts_rings(e))
		(void)BIO_shutdown_wr(e->rings->network); /* always 1 */
	else
		(void)engine_parts_fail_memory(e);
}

/* Makes room for what OpenSSL still writes, which nobody will get. */
static void
drop_output(struct tls_engine *e)
{
	size_t n;
	char *p;

	while ((n = waiting(e)) > 0)
		BIO_nread(e->rings->network, &p, (int)n);
}

size_t
tls_engine_output(struct tls_engine *e, const void **data)
{
	char *p;
	int n;

	if (e->dgram != NULL)
		return dgram_bio_first(e->dgram, data);
	if (e->output_error != 0)
		drop_output(e);
	if (waiting(e) == 0)
		return 0;
	n = BIO_nread0(e->rings->network, &p);
	*data = p;
	return (size_t)n;
}

void
tls_engine_output_broken(struct tls_engine *e, int kernel_error)
{
	e->output_error = kernel_error;
	drop_output(e);
}

void
tls_engine_output_done(struct tls_engine *e, size_t n)
{
	char *p;

	if (e->dgram != NULL)
		dgram_bio_drop(e->dgram);
	else
		BIO_nread(e->rings->network, &p, (int)n);
}
