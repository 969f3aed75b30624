/*
 * What can become of datagrams between two honest engines of DTLS, and what a
 * stranger can put among them, in a time that runs as the input wants it.  Its
 * first byte says what the two are:
 *   0 to 5  the kind of dpair.h, by the remainder of a division by 8
 *   8       after a complete handshake
 *   16      with TLS_MAX_FRAGMENT_LENGTH
 *   32      with short timeouts
 * The rest are steps: see enum step.
 */
#include "support/test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "support/dpair.h"
#include "support/fake_clock.h"

enum mode { ESTABLISHED = 8, FRAGMENTS = 16, HASTY = 32 };

/* A byte of the input, what it needs behind it; F is the first on its way. */
enum step {
	GO, /* the next thing happens, or the next so many */
	GO_FAR,
	DROP,     /* F */
	FLIP,     /* a byte of F: where, two bytes, and by what */
	CUT,      /* F to so many bytes */
	LATER,    /* F goes behind all others */
	TWICE,    /* and once more */
	JOIN,     /* F and what is behind it in one datagram */
	STRANGER, /* a datagram for a side: its length, its bytes */
	WAIT,     /* tenths of a second, and then each timer */
	WRITE,    /* of a side, so many bytes */
	READ,     /* of a side, so many bytes, and the rest is skipped */
	REST,
	SHUTDOWN, /* of a side */
	MTU,      /* of a side */
	STEPS
};

/* So that what is read has room. */
#define WRITES_MAX 50

struct input {
	const uint8_t *p;
	size_t left;
};

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct dpair pair;
static int writes;
static bool closed[2];

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	dpair_credentials_init();
	return 0;
}

static uint8_t
next(struct input *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->p++;
}

static bool
is_open(enum way_side side)
{
	return tls_engine_version(pair.engine[side]) != NULL;
}

/* Nobody but the other side can have written what a side reads. */
static void
check(enum way_side side, const unsigned char *p, size_t n)
{
	while (n-- > 0)
		assert_int_equal(*p++, side == WAY_CLIENT ? 's' : 'c');
}

static void
change_first(enum step step, struct input *in)
{
	struct way_datagram *d = pair.way.first;
	const size_t at = (size_t)next(in) << 8 | next(in);

	if (d == NULL || d->len == 0)
		return;
	if (step == FLIP)
		d->data[at % d->len] ^= next(in);
	else
		d->len = at % d->len;
}

static void
move_first(enum step step)
{
	struct way_datagram *d = way_take(&pair.way, INT64_MAX);

	if (d == NULL)
		return;
	for (int n = step == DROP ? 0 : step == LATER ? 1 : 2; n > 0; n--)
		way_send(&pair.way, 1 - d->to, d->data, d->len);
	free(d);
}

static void
join_first(void)
{
	const struct way_datagram *a = pair.way.first;
	const struct way_datagram *b = a != NULL ? a->next : NULL;
	unsigned char both[4096];

	if (b == NULL || a->to != b->to || a->len + b->len > sizeof(both))
		return;
	memcpy(both, a->data, a->len);
	memcpy(both + a->len, b->data, b->len);
	way_send(&pair.way, 1 - a->to, both, a->len + b->len);
}

static void
send_stranger(struct input *in)
{
	const enum way_side to = next(in) % 2;
	unsigned char bytes[255];
	const size_t n = next(in);

	for (size_t i = 0; i < n; i++)
		bytes[i] = next(in);
	way_send(&pair.way, 1 - to, bytes, n);
}

static void
wait_and_fire(struct input *in)
{
	fake_clock_advance_ms(next(in) * 100);
	for (int side = 0; side < 2; side++) {
		if (side == WAY_CLIENT || pair.met)
			(void)tls_engine_timer(pair.engine[side]);
	}
}

static void
write_some(struct input *in)
{
	const enum way_side side = next(in) % 2;
	unsigned char text[1024];
	const size_t n = next(in) * 4;

	memset(text, side == WAY_CLIENT ? 'c' : 's', sizeof(text));
	if (is_open(side) && !closed[side] && writes++ < WRITES_MAX)
		(void)tls_engine_write(pair.engine[side], text, n);
}

/* By itself, while dpair_step reads all that there is. */
static void
read_some(struct input *in)
{
	const enum way_side side = next(in) % 2;
	const size_t want = next(in);
	struct way_datagram *d = pair.way.first;
	unsigned char text[255];
	ssize_t n;

	if (!is_open(side))
		return;
	if (d != NULL && d->to == side)
		tls_engine_datagram(pair.engine[side], d->data, d->len);
	n = tls_engine_read(pair.engine[side], text, want);
	if (n > 0)
		check(side, text, (size_t)n);
	(void)tls_engine_readable(pair.engine[side]);
	(void)tls_engine_skip(pair.engine[side]);
	/* What was lent goes when d does. */
	tls_engine_datagram(pair.engine[side], NULL, 0);
}

static void
touch_engine(enum step step, struct input *in)
{
	const enum way_side side = next(in) % 2;
	struct tls_engine *e = pair.engine[side];

	if (step == REST)
		tls_engine_rest(e);
	else if (step == MTU)
		tls_engine_set_mtu(e, (size_t)next(in) * 8);
	else
		tls_engine_shutdown(e);
	closed[side] |= step == SHUTDOWN;
}

static void
take_step(enum step step, struct input *in)
{
	switch (step) {
	case GO_FAR:
		for (int n = next(in) % 16; n > 0; n--)
			(void)dpair_step(&pair);
		break;
	case FLIP:
	case CUT:
		change_first(step, in);
		break;
	case DROP:
	case TWICE:
	case LATER:
		move_first(step);
		break;
	case JOIN:
		join_first();
		break;
	case STRANGER:
		send_stranger(in);
		break;
	case WAIT:
		wait_and_fire(in);
		break;
	case WRITE:
		write_some(in);
		break;
	case READ:
		read_some(in);
		break;
	case REST:
	case SHUTDOWN:
	case MTU:
		touch_engine(step, in);
		break;
	default:
		(void)dpair_step(&pair);
	}
}

static void
begin(int mode)
{
	dpair_init(&pair, mode % 8 % 6);
	for (int side = 0; side < 2; side++) {
		if (mode & FRAGMENTS)
			pair.settings[side].max_fragment = 1;
		if (mode & HASTY)
			pair.settings[side].timeout_min_ms = 20;
	}
	if (mode & (FRAGMENTS | HASTY))
		dpair_renew(&pair);
	if (mode & ESTABLISHED)
		assert_true(dpair_handshake(&pair));
	writes = 0;
	closed[WAY_CLIENT] = closed[WAY_SERVER] = false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	const int mode = next(&in);
	int n;

	begin(mode);
	for (n = 0; in.left > 0 && n < 200; n++)
		take_step(next(&in) % STEPS, &in);
	/* By itself it comes to an end, and then nobody waits for ever. */
	for (n = 0; dpair_step(&pair); n++)
		assert_true(n < 1000);
	for (int side = 0; side < 2; side++) {
		if (side == WAY_CLIENT || pair.met)
			assert_int_not_equal(tls_engine_handshake(
			                         pair.engine[side]),
			    -EAGAIN);
		check(side, pair.got[side], pair.ngot[side]);
		/* Nothing that is on the way can end what is established. */
		if (mode & ESTABLISHED)
			assert_int_equal(tls_engine_error(pair.engine[side]),
			    0);
	}
	dpair_fini(&pair);
	return 0;
}
