#ifndef ZSOCK_DETAIL_K_TIMEOUT_H
#define ZSOCK_DETAIL_K_TIMEOUT_H

#ifndef ZSOCK_HEADER_WARNINGS /* see zsock/api.h */
#pragma GCC system_header
#endif

/*
 * Zephyr's time limits, as far as socket calls take them.  A kernel.h that
 * wants the same type includes this file; see timeout.h for one that does not.
 */

#include <stdint.h>

/* Ticks are what Zephyr has by default: 10000 a second.  -1 is no limit. */
typedef struct {
	int64_t ticks;
} k_timeout_t;

#ifdef __cplusplus
#define ZSOCK_K_TICKS(n) (k_timeout_t{ (int64_t)(n) })
#else
#define ZSOCK_K_TICKS(n) ((k_timeout_t){ (int64_t)(n) })
#endif

#define K_FOREVER ZSOCK_K_TICKS(-1)
#define K_NO_WAIT ZSOCK_K_TICKS(0)
#define K_MSEC(ms) ZSOCK_K_TICKS((ms) > 0 ? (int64_t)(ms)*10 : 0)
#define K_SECONDS(s) ZSOCK_K_TICKS((s) > 0 ? (int64_t)(s)*10000 : 0)

#endif
