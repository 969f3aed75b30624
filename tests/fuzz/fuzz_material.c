/*
 * Credentials: bytes that a program has stored, or somebody has sent it.  The
 * first byte is the type; a second credential follows what the next one says.
 */
#include "support/test.h"

#include <string.h>

#include "cred/store.h"
#include "tls/context.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TAG 7

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const int tag = TAG;
	struct tls_context *ctx = NULL;
	const struct tls_kind client = { .role = TLS_ROLE_CLIENT,
		.min_version = TLS1_2_VERSION };
	struct verdict why;
	SSL *ssl;
	size_t first;

	if (size < 2)
		return 0;
	first = (size - 2) * data[1] / 255;
	(void)store_add(TAG, 1 + data[0] % 6, data + 2, first);
	(void)store_add(TAG, 1 + data[0] / 6 % 6, data + 2 + first,
	    size - 2 - first);
	if (tls_context_get(&tag, 1, &ctx, &why) == 0 &&
	    tls_context_new_ssl(ctx, &client, &ssl, &why) == 0)
		SSL_free(ssl);
	tls_context_put(ctx);
	for (int type = 1; type <= 6; type++) {
		(void)store_delete(TAG, type);
		tls_context_forget(TAG, type);
	}
	return 0;
}
