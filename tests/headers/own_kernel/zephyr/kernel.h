#ifndef OWN_KERNEL_H
#define OWN_KERNEL_H

/* A kernel.h that a program brings itself: whole, a mock, or empty. */

#include <stdint.h>

#ifdef OWN_MS
typedef int k_timeout_t;
#define K_FOREVER (-1)
#define K_MSEC(ms) (ms)
#define ZSOCK_K_TIMEOUT_MS(t) ((int64_t)(t))
#elif !defined(OWN_NONE)
typedef struct {
	long ticks;
} k_timeout_t;

static inline k_timeout_t
own_ticks(long n)
{
	k_timeout_t t;

	t.ticks = n;
	return t;
}

#define K_FOREVER own_ticks(-1)
#define K_MSEC(ms) own_ticks((ms) / 4)
#endif

#endif
