#include "support/poll_afresh.h"

#include "support/test.h"

#include <netinet/in.h>
#include <string.h>

#include "sock/call.h"
#include "sock/fdtable.h"
#include "sock/poll.h"
#include "support/loop.h"

struct round {
	struct pollfd fds[POLL_AFRESH_MOST];
	nfds_t n;
	int rc;
};

static void *
poll_in_thread(void *arg)
{
	struct round *r = arg;

	r->rc = poll_sockets(r->fds, r->n, 0, fdtable_kernel_numbers());
	return NULL;
}

int
poll_afresh(struct pollfd *fds, nfds_t n)
{
	struct round fresh = { .n = n };
	int rc;

	assert_true(n <= POLL_AFRESH_MOST);
	memcpy(fresh.fds, fds, n * sizeof(*fds));
	for (nfds_t i = 0; i < n; i++)
		fds[i].revents = -1;
	loop_join(loop_start(poll_in_thread, &fresh));
	rc = poll_sockets(fds, n, 0, fdtable_kernel_numbers());
	assert_int_equal(rc, fresh.rc);
	for (nfds_t i = 0; i < n; i++) {
		assert_int_equal(fds[i].revents, fresh.fds[i].revents);
		rc -= fds[i].revents != 0;
	}
	assert_int_equal(rc, 0);
	return fresh.rc;
}

int
poll_afresh_calm(void)
{
	const int sock = call_socket(AF_INET, SOCK_DGRAM, 0);

	assert_true(sock >= 0);
	return sock;
}

int
poll_afresh_ready(void)
{
	struct sockaddr_storage addr;
	socklen_t len = loop_addr(&addr, AF_INET, 0);
	struct sockaddr *sa = (struct sockaddr *)&addr;
	const int sock = poll_afresh_calm();

	assert_int_equal(call_bind(sock, sa, len), 0);
	assert_int_equal(call_getsockname(sock, sa, &len), 0);
	assert_int_equal(call_sendto(sock, "x", 1, 0, sa, len), 1);
	return sock;
}
