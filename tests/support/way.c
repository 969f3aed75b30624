#include "support/test.h"

#include "support/way.h"

#include <stdlib.h>
#include <string.h>

#include "support/fake_clock.h"

static void
put(struct way *w, struct way_datagram *d, int64_t at_ms)
{
	struct way_datagram **link = &w->first;

	d->at_ms = at_ms;
	while (*link != NULL && (*link)->at_ms <= at_ms)
		link = &(*link)->next;
	d->next = *link;
	*link = d;
}

static struct way_datagram *
make(enum way_side to, const void *data, size_t len)
{
	struct way_datagram *d = malloc(sizeof(*d) + len);

	assert_non_null(d);
	*d = (struct way_datagram){ .to = to, .len = len };
	memcpy(d->data, data, len);
	return d;
}

/* A number from 0 to 99: the same ones on every machine. */
static int
roll(uint32_t *seed)
{
	*seed = *seed * 1664525 + 1013904223;
	return (int)((*seed >> 8) % 100);
}

/* Where value, which may be counted from the end, is in len bytes. */
static size_t
place(int value, size_t len)
{
	const size_t n = value < 0 ? len - (size_t)-value : (size_t)value;

	return n < len ? n : len - 1;
}

static void
meet_fault(struct way *w, struct way_datagram *d, int64_t at_ms)
{
	const struct way_fault *f = &w->fault;

	switch (f->kind) {
	case WAY_DROP:
		free(d);
		return;
	case WAY_SWAP:
		w->held[f->from] = d;
		return;
	case WAY_DUPLICATE:
		put(w, make(d->to, d->data, d->len), at_ms + f->value);
		break;
	case WAY_DELAY:
		at_ms += f->value;
		break;
	case WAY_TRUNCATE:
		d->len = place(f->value, d->len);
		break;
	case WAY_FLIP:
		d->data[place(f->value, d->len)] ^= 1;
		break;
	}
	put(w, d, at_ms);
}

void
way_send(struct way *w, enum way_side from, const void *data, size_t len)
{
	const int64_t at_ms = fake_clock_ms() + w->latency_ms;
	const unsigned before = w->sent[from]++;
	struct way_datagram *d;

	if (w->on_send != NULL)
		w->on_send(w->arg, from, data, len);
	if (w->loss_percent > 0 && roll(&w->seed) < w->loss_percent)
		return;
	d = make(from == WAY_CLIENT ? WAY_SERVER : WAY_CLIENT, data, len);
	if (w->fault.kind != 0 && w->fault.from == from &&
	    w->fault.after == before) {
		meet_fault(w, d, at_ms);
		return;
	}
	put(w, d, at_ms);
	if (w->held[from] != NULL)
		put(w, w->held[from], at_ms);
	w->held[from] = NULL;
}

struct way_datagram *
way_take(struct way *w, int64_t by_ms)
{
	struct way_datagram *d = w->first;

	if (d == NULL || d->at_ms > by_ms)
		return NULL;
	w->first = d->next;
	return d;
}

bool
way_let_go(struct way *w)
{
	bool any = false;

	for (int side = 0; side < 2; side++) {
		if (w->held[side] == NULL)
			continue;
		put(w, w->held[side], fake_clock_ms());
		w->held[side] = NULL;
		any = true;
	}
	return any;
}

void
way_clear(struct way *w)
{
	struct way_datagram *d;

	(void)way_let_go(w);
	while ((d = way_take(w, INT64_MAX)) != NULL)
		free(d);
}
