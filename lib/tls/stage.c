#include "tls/stage.h"

#include <stddef.h>

#include <openssl/crypto.h>

#define NEWER 0x30200000L

/*
 * The newer list's own: a compressed certificate, each behind the one that is
 * not compressed and means the same to a person.
 */
static const int added[] = { 5, 15, 26, 31 };

#define ADDED (sizeof(added) / sizeof(added[0]))

static int
to_older(int state)
{
	int less = 0;

	for (size_t i = 0; i < ADDED; i++)
		less += state >= added[i];
	return state - less;
}

/* Of what the older list has, the newer one has each. */
static int
to_newer(int state)
{
	for (size_t i = 0; i < ADDED; i++)
		state += state >= added[i];
	return state;
}

int
tls_stage_translate(int state, bool newer, bool to_new)
{
	const int older = newer ? to_older(state) : state;

	return to_new ? to_newer(older) : older;
}

int
tls_stage_of(const SSL *ssl)
{
	return tls_stage_translate(SSL_get_state(ssl),
	    OpenSSL_version_num() >= NEWER, OPENSSL_VERSION_NUMBER >= NEWER);
}
