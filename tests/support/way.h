#ifndef SUPPORT_WAY_H
#define SUPPORT_WAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What carries datagrams between two sides, and what becomes of them on it, in
 * the time of fake_clock.h.  A way that is all zeros is a good one.
 */
enum way_side { WAY_CLIENT, WAY_SERVER };

enum way_fault_kind {
	WAY_DROP = 1,
	WAY_DUPLICATE, /* the copy comes so many milliseconds later */
	WAY_DELAY,     /* it comes so many milliseconds later */
	WAY_SWAP,      /* it comes after the side's next one */
	WAY_TRUNCATE,  /* to so many bytes; below 0, by so many */
	WAY_FLIP       /* a bit of this byte; below 0, counted from the end */
};

/* What becomes of one datagram: the one after the first so many of a side. */
struct way_fault {
	enum way_fault_kind kind;
	enum way_side from;
	unsigned after;
	int value;
};

struct way_datagram {
	struct way_datagram *next;
	int64_t at_ms; /* of its arrival */
	enum way_side to;
	size_t len;
	unsigned char data[];
};

struct way {
	int latency_ms;
	struct way_fault fault; /* .kind 0 is none */
	int loss_percent;       /* of all of them, by seed */
	uint32_t seed;
	unsigned sent[2];           /* so far, by side */
	struct way_datagram *first; /* to arrive */
	struct way_datagram *held[2];
	/* Sees what a side sends before anything becomes of it; or NULL. */
	void (*on_send)(void *arg, enum way_side from, const void *data,
	    size_t len);
	void *arg;
};

void way_send(struct way *w, enum way_side from, const void *data, size_t len);

/* The next one to arrive by that time, for the caller to free; or NULL. */
struct way_datagram *way_take(struct way *w, int64_t by_ms);

/* Those that still wait for a next one arrive now; were there any? */
bool way_let_go(struct way *w);

/* Nothing is on its way any more. */
void way_clear(struct way *w);

#endif
