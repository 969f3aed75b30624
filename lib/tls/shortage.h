#ifndef TLS_SHORTAGE_H
#define TLS_SHORTAGE_H

#include <stdbool.h>

#include <openssl/err.h>

/*
 * Empties the thread's queue of OpenSSL's errors; true if one of them says that
 * there was no memory.  What fails for want of it looks like what is wrong in
 * itself: a certificate that cannot be decoded, a name that is none.
 */
static inline bool
tls_shortage(void)
{
	unsigned long e;
	bool is = false;

	while ((e = ERR_get_error()) != 0) {
		if (ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE)
			is = true;
	}
	return is;
}

#endif
