#include "tls/rings.h"

#include <stdatomic.h>
#include <stdlib.h>

/* Pairs kept for the next taker. */
#define KEPT_MAX 4

/*
 * Each place is changed by one exchange: no lock that a fork could find held.
 */
static _Atomic(struct tls_rings *) kept[KEPT_MAX];

static void
rings_free(struct tls_rings *r)
{
	BIO_free(r->inside);
	BIO_free(r->network);
	free(r);
}

static struct tls_rings *
rings_new(void)
{
	struct tls_rings *r;

	r = malloc(sizeof(*r));
	if (r == NULL)
		return NULL;
	if (BIO_new_bio_pair(&r->inside, TLS_RING_SIZE, &r->network,
	        TLS_RING_SIZE) == 1)
		return r;
	free(r);
	return NULL;
}

struct tls_rings *
tls_rings_take(void)
{
	struct tls_rings *r;

	for (int i = 0; i < KEPT_MAX; i++) {
		if (atomic_load_explicit(&kept[i], memory_order_relaxed) ==
		    NULL)
			continue;
		r = atomic_exchange(&kept[i], NULL);
		if (r != NULL)
			return r;
	}
	return rings_new();
}

/*
 * Parted and joined again, a pair has forgotten its end.  It would forget bytes
 * as well, but not that it has counted them.
 */
void
tls_rings_give(struct tls_rings *r)
{
	if (r == NULL)
		return;
	if (tls_rings_in(r) > 0 || tls_rings_out(r) > 0) {
		rings_free(r);
		return;
	}
	BIO_destroy_bio_pair(r->inside);
	if (BIO_make_bio_pair(r->inside, r->network) != 1) {
		rings_free(r);
		return;
	}
	for (int i = 0; i < KEPT_MAX; i++) {
		struct tls_rings *none = NULL;

		if (atomic_compare_exchange_strong(&kept[i], &none, r))
			return;
	}
	rings_free(r);
}
