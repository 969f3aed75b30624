#include "tls/dgram_bio.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of the queue that are worth keeping, for a datagram of most programs. */
#define KEPT 2048

/* A peer makes us queue one flight; much more than one is a fault. */
#define QUEUE_MAX ((size_t)256 * 1024)

/* What is told to OpenSSL of a datagram's headers: IPv4 and UDP. */
#define OVERHEAD 28

struct queue {
	const unsigned char *in; /* lent, or NULL */
	size_t in_len;
	bool peeking; /* a read leaves it there */
	struct dgram_rule rule;
	size_t given; /* records of the last one */
	bool ordered; /* heard is the number of the next without a key */
	uint64_t heard;
	/* Datagrams, each behind its length as a size_t. */
	unsigned char *out;
	size_t room, head, tail;
	bool renumber;     /* shift is to be found, or found */
	bool shifted;      /* it is found */
	uint64_t at_least; /* see dgram_bio_number_from */
	uint64_t shift;
};

static struct queue *
queue_of(const BIO *bio)
{
	return BIO_get_data((BIO *)bio);
}

/* What has left makes room first, and then memory does. */
static bool
make_room(struct queue *q, size_t n)
{
	size_t room = q->room != 0 ? q->room : KEPT;
	unsigned char *p;

	if (q->room - q->tail >= n)
		return true;
	if (q->head > 0) {
		memmove(q->out, q->out + q->head, q->tail - q->head);
		q->tail -= q->head;
		q->head = 0;
	}
	while (room - q->tail < n)
		room *= 2;
	if (room > QUEUE_MAX)
		return false;
	p = realloc(q->out, room);
	if (p == NULL)
		return false;
	q->out = p;
	q->room = room;
	return true;
}

/* The records of a datagram get their numbers, up to the first secret one. */
static void
renumber(struct queue *q, unsigned char *p, size_t len)
{
	struct dgram_record r;

	while (dgram_record_read(p, len, &r) && r.epoch == 0) {
		if (!q->shifted && r.number < q->at_least)
			q->shift = q->at_least - r.number;
		q->shifted = true;
		dgram_record_renumber(p, r.number + q->shift);
		p += r.len;
		len -= r.len;
	}
}

static int
queue_write(BIO *bio, const char *data, int len)
{
	struct queue *q = queue_of(bio);
	const size_t n = (size_t)len;
	unsigned char *p;

	BIO_clear_retry_flags(bio);
	if (len <= 0)
		return 0;
	if (!make_room(q, sizeof(n) + n))
		return len; /* lost on its way, as some are */
	p = q->out + q->tail;
	memcpy(p, &n, sizeof(n));
	memcpy(p + sizeof(n), data, n);
	q->tail += sizeof(n) + n;
	if (q->renumber)
		renumber(q, p + sizeof(n), n);
	return len;
}

static void
number_in_order(struct queue *q, unsigned char *p, size_t len)
{
	struct dgram_record r;

	for (; dgram_record_read(p, len, &r); p += r.len, len -= r.len) {
		if (r.epoch == 0)
			dgram_record_renumber(p, q->heard++);
	}
}

static int
queue_read(BIO *bio, char *buf, int room)
{
	struct queue *q = queue_of(bio);
	size_t n;

	BIO_clear_retry_flags(bio);
	if (q->in == NULL) {
		BIO_set_retry_read(bio);
		return -1;
	}
	if (room <= 0)
		return 0;
	n = q->in_len < (size_t)room ? q->in_len : (size_t)room;
	memcpy(buf, q->in, n);
	n = dgram_record_filter(buf, n, &q->rule, &q->given);
	if (n > 0 && q->peeking)
		return (int)n;
	q->in = NULL;
	if (q->ordered && !q->rule.secret)
		number_in_order(q, (unsigned char *)buf, n);
	if (n > 0)
		return (int)n;
	BIO_set_retry_read(bio);
	return -1;
}

/* What is not here is 0: not known, or not to be had. */
static long
queue_ctrl(BIO *bio, int cmd, long arg, void *p)
{
	struct queue *q = queue_of(bio);

	(void)p;
	switch (cmd) {
	case BIO_CTRL_DGRAM_SET_PEEK_MODE:
		q->peeking = arg != 0;
		return 1;
	case BIO_CTRL_DGRAM_GET_MTU_OVERHEAD:
		return OVERHEAD;
	case BIO_CTRL_FLUSH:
	case BIO_CTRL_DUP:
		return 1;
	default:
		return 0;
	}
}

static int
queue_create(BIO *bio)
{
	struct queue *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return 0;
	BIO_set_data(bio, q);
	BIO_set_init(bio, 1);
	return 1;
}

static int
queue_destroy(BIO *bio)
{
	struct queue *q = queue_of(bio);

	if (q == NULL)
		return 0;
	free(q->out);
	free(q);
	return 1;
}

static BIO_METHOD *
make_method(void)
{
	const int index = BIO_get_new_index();
	BIO_METHOD *m = index == -1
	    ? NULL
	    : BIO_meth_new(index | BIO_TYPE_SOURCE_SINK, "datagrams");

	if (m == NULL)
		return NULL;
	if (BIO_meth_set_write(m, queue_write) == 1 &&
	    BIO_meth_set_read(m, queue_read) == 1 &&
	    BIO_meth_set_ctrl(m, queue_ctrl) == 1 &&
	    BIO_meth_set_create(m, queue_create) == 1 &&
	    BIO_meth_set_destroy(m, queue_destroy) == 1)
		return m;
	BIO_meth_free(m);
	return NULL;
}

/* Made once; of two threads that make it at once, one throws its own away. */
static const BIO_METHOD *
method(void)
{
	static _Atomic(BIO_METHOD *) made;
	BIO_METHOD *m = atomic_load(&made), *fresh;

	if (m != NULL)
		return m;
	fresh = make_method();
	if (fresh == NULL || atomic_compare_exchange_strong(&made, &m, fresh))
		return fresh;
	BIO_meth_free(fresh);
	return m;
}

BIO *
dgram_bio_new(void)
{
	const BIO_METHOD *m = method();

	return m != NULL ? BIO_new(m) : NULL;
}

void
dgram_bio_lend(BIO *bio, const void *data, size_t len)
{
	struct queue *q = queue_of(bio);

	q->in = len > 0 ? data : NULL;
	q->in_len = len;
}

void
dgram_bio_set_rule(BIO *bio, const struct dgram_rule *rule)
{
	queue_of(bio)->rule = *rule;
}

bool
dgram_bio_gave_one(const BIO *bio)
{
	const struct queue *q = queue_of(bio);

	return q->in == NULL && q->given == 1;
}

bool
dgram_bio_lent(const BIO *bio)
{
	return queue_of(bio)->in != NULL;
}

size_t
dgram_bio_first(const BIO *bio, const void **data)
{
	const struct queue *q = queue_of(bio);
	size_t n;

	if (q->head == q->tail)
		return 0;
	memcpy(&n, q->out + q->head, sizeof(n));
	*data = q->out + q->head + sizeof(n);
	return n;
}

void
dgram_bio_drop(BIO *bio)
{
	struct queue *q = queue_of(bio);
	size_t n;

	if (q->head == q->tail)
		return;
	memcpy(&n, q->out + q->head, sizeof(n));
	q->head += sizeof(n) + n;
	if (q->head < q->tail)
		return;
	q->head = q->tail = 0;
	if (q->room > KEPT)
		dgram_bio_trim(bio);
}

void
dgram_bio_trim(BIO *bio)
{
	struct queue *q = queue_of(bio);

	if (q->head != q->tail)
		return;
	free(q->out);
	q->out = NULL;
	q->room = q->head = q->tail = 0;
}

void
dgram_bio_number_from(BIO *bio, uint64_t number)
{
	struct queue *q = queue_of(bio);

	q->renumber = true;
	q->shifted = false;
	q->at_least = number;
	q->shift = 0;
}

void
dgram_bio_order(BIO *bio, uint64_t number)
{
	struct queue *q = queue_of(bio);

	q->ordered = true;
	q->heard = number;
}
