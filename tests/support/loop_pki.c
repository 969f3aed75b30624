#include "support/loop_pki.h"

#include "support/test.h"

#include "sock/call.h"
#include "sock/poll.h"

struct pki loop_pki;

int
loop_setup(void **state)
{
	(void)state;
	pki_init(&loop_pki, PKI_EC);
	pki_store_ca(LOOP_CA_TAG, &loop_pki.ca);
	pki_store_identity(LOOP_SERVER_TAG, &loop_pki.server);
	return 0;
}

int
loop_teardown(void **state)
{
	(void)state;
	pki_forget(LOOP_CA_TAG);
	pki_forget(LOOP_SERVER_TAG);
	pki_fini(&loop_pki);
	return 0;
}

ssize_t
loop_receive(int sock, void *buf, size_t len, int flags)
{
	return call_recvfrom(sock, buf, len, flags, NULL, NULL);
}

ssize_t
loop_transmit(int sock, const void *buf, size_t len, int flags)
{
	return call_sendto(sock, buf, len, flags, NULL, 0);
}

short
loop_readiness(int sock, short events, int timeout_ms)
{
	struct pollfd p = { .fd = sock, .events = events };

	assert_true(poll_sockets(&p, 1, timeout_ms, false) >= 0);
	return p.revents;
}
