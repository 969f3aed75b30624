#include "support/dpeer_tap.h"

#include <stdlib.h>
#include <string.h>

/* Keeps a copy; the pointer is the tap's own. */
static const struct dpeer_datagram *
keep(struct dpeer_tap *t, bool out, const void *data, size_t len)
{
	struct dpeer_datagram *d = malloc(sizeof(*d));

	t->seen =
	    realloc(t->seen, (t->nseen + 1) * sizeof(struct dpeer_datagram *));
	if (d == NULL || t->seen == NULL || len > sizeof(d->data))
		abort();
	d->out = out;
	d->len = len;
	memcpy(d->data, data, len);
	t->seen[t->nseen++] = d;
	return d;
}

static bool
passes(struct dpeer_tap *t, struct dpeer_datagram *d)
{
	if (t->hook != NULL)
		return t->hook(t->arg, d);
	return true;
}

static int
tap_write(BIO *b, const char *data, size_t len, size_t *written)
{
	struct dpeer_tap *t = BIO_get_data(b);
	struct dpeer_datagram d = *keep(t, true, data, len);
	int rc = 1;

	BIO_clear_retry_flags(b);
	*written = len;
	if (t->hold || !passes(t, &d))
		return 1;
	rc = BIO_write_ex(BIO_next(b), d.data, d.len, &d.len);
	BIO_copy_next_retry(b);
	return rc;
}

static int
tap_read(BIO *b, char *data, size_t size, size_t *got)
{
	struct dpeer_tap *t = BIO_get_data(b);
	struct dpeer_datagram d;
	int rc;

	do {
		BIO_clear_retry_flags(b);
		rc = BIO_read_ex(BIO_next(b), data, size, got);
		BIO_copy_next_retry(b);
		if (rc != 1)
			return rc;
		d = *keep(t, false, data, *got);
	} while (!passes(t, &d));
	*got = d.len < size ? d.len : size;
	memcpy(data, d.data, *got);
	return 1;
}

static long
tap_ctrl(BIO *b, int cmd, long num, void *ptr)
{
	return BIO_ctrl(BIO_next(b), cmd, num, ptr);
}

static int
tap_create(BIO *b)
{
	BIO_set_init(b, 1);
	return 1;
}

BIO *
dpeer_tap_new(struct dpeer_tap *t, int kfd)
{
	BIO *bio, *socket = BIO_new_dgram(kfd, BIO_NOCLOSE);

	if (t->method == NULL) {
		t->method =
		    BIO_meth_new(BIO_TYPE_FILTER | BIO_get_new_index(), "tap");
		if (t->method == NULL)
			abort();
		BIO_meth_set_write_ex(t->method, tap_write);
		BIO_meth_set_read_ex(t->method, tap_read);
		BIO_meth_set_ctrl(t->method, tap_ctrl);
		BIO_meth_set_create(t->method, tap_create);
	}
	bio = BIO_new(t->method);
	if (bio == NULL || socket == NULL)
		abort();
	BIO_set_data(bio, t);
	return BIO_push(bio, socket);
}

void
dpeer_tap_fini(struct dpeer_tap *t)
{
	for (size_t i = 0; i < t->nseen; i++)
		free(t->seen[i]);
	free(t->seen);
	BIO_meth_free(t->method);
	*t = (struct dpeer_tap){ 0 };
}

const struct dpeer_datagram *
dpeer_tap_last(const struct dpeer_tap *t, bool out)
{
	for (size_t i = t->nseen; i-- > 0;) {
		if (t->seen[i]->out == out)
			return t->seen[i];
	}
	return NULL;
}
