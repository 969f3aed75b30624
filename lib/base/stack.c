#include "base/stack.h"

#include <openssl/crypto.h>

/* OpenSSL's calls are not deep, and all registers of a processor are 3 KiB. */
#define DEPTH 32768

__attribute__((noinline)) void
stack_wipe(void)
{
	unsigned char below[DEPTH];

	OPENSSL_cleanse(below, sizeof(below));
}
