#ifndef ZSOCK_DETAIL_TIMEOUT_H
#define ZSOCK_DETAIL_TIMEOUT_H

#ifndef ZSOCK_HEADER_WARNINGS /* see zsock/api.h */
#pragma GCC system_header
#endif

/*
 * k_timeout_t, K_FOREVER, K_NO_WAIT, K_MSEC and K_SECONDS: those of the
 * program's own <zephyr/kernel.h> if there is one and it has them, else those
 * of k_timeout.h.
 *
 * ZSOCK_K_TIMEOUT_MS(t) is t in milliseconds, rounded up, -1 for no limit.  How
 * long a tick of a foreign k_timeout_t is follows from its K_MSEC; a program
 * whose type has no member ticks defines the macro itself.  One that defines
 * ZSOCK_NO_K_TIMEOUT has neither the type nor the calls that take it.
 */

#ifndef ZSOCK_NO_K_TIMEOUT

#ifdef __has_include
#if __has_include(<zephyr/kernel.h>)
#include <zephyr/kernel.h>
#endif
#endif

#ifndef K_FOREVER
#include <zsock/detail/k_timeout.h>
#endif

#ifndef ZSOCK_K_TIMEOUT_MS
#define ZSOCK_K_TIMEOUT_MS(t) \
	(__extension__({ \
		const k_timeout_t zsock_t = (t); \
		const k_timeout_t zsock_never = K_FOREVER; \
		const k_timeout_t zsock_second = K_MSEC(1000); \
		zsock_t.ticks == zsock_never.ticks \
		    ? (int64_t)-1 \
		    : (int64_t)((zsock_t.ticks * 1000 + zsock_second.ticks - \
		                    1) / \
		          zsock_second.ticks); \
	}))
#endif

#endif

#endif
