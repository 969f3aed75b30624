#include "support/test.h"

#include "support/link.h"

#include <errno.h>
#include <limits.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/config.h"
#include "sock/call.h"
#include "sock/poll.h"
#include "support/fake_kernel.h"
#include "support/loop.h"

static const struct variant {
	const char *name;
	bool server;
	int version;
} variants[] = {
	{ "client_1_2", false, TLS1_2_VERSION },
	{ "client_1_3", false, TLS1_3_VERSION },
	{ "server_1_2", true, TLS1_2_VERSION },
	{ "server_1_3", true, TLS1_3_VERSION },
};

/* One test. */
struct cell {
	const struct link_case *c;
	const struct variant *v;
	char name[128];
};

static struct pki pki;

static int
setup_group(void **state)
{
	(void)state;
	pki_init(&pki, PKI_EC);
	pki_store_ca(LOOP_CA_TAG, &pki.ca);
	pki_store_identity(LOOP_SERVER_TAG, &pki.server);
	return 0;
}

static int
teardown_group(void **state)
{
	(void)state;
	pki_forget(LOOP_CA_TAG);
	pki_forget(LOOP_SERVER_TAG);
	pki_fini(&pki);
	return 0;
}

static void
limit_records(const char *value)
{
	if (value != NULL)
		setenv("ZSOCK_TLS_MAX_RECORD", value, 1);
	else
		unsetenv("ZSOCK_TLS_MAX_RECORD");
	config_reload();
}

static void
run_cell(void **state)
{
	const struct cell *cell = *state;
	struct link l = { .server = cell->v->server,
		.version = cell->v->version };

	limit_records(cell->c->record);
	l.sock = l.server ? peer_call(&l.peer, l.version)
	                  : peer_serve(&l.peer, &pki.server, l.version);
	cell->c->run(&l);
	fake_kernel_remove();
	/* The peer first: whatever is left to send, close need not wait. */
	peer_free(&l.peer);
	assert_int_equal(call_close(l.sock), 0);
}

static int
teardown(void **state)
{
	(void)state;
	fake_kernel_remove(); /* a test that failed has left it */
	limit_records(NULL);
	return 0;
}

static bool
is_for(const struct link_case *c, const struct variant *v)
{
	return (c->only_version == 0 || c->only_version == v->version) &&
	    c->only != (v->server ? LINK_CLIENT : LINK_SERVER);
}

int
link_run(const char *group, const struct link_case *cases, size_t n)
{
	const size_t most = n * LEN(variants);
	struct CMUnitTest *tests = calloc(most, sizeof(*tests));
	struct cell *cells = calloc(most, sizeof(*cells));
	size_t count = 0;
	int rc;

	if (tests == NULL || cells == NULL)
		abort();
	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	for (size_t i = 0; i < most; i++) {
		struct cell *cell = &cells[count];

		cell->c = &cases[i / LEN(variants)];
		cell->v = &variants[i % LEN(variants)];
		if (!is_for(cell->c, cell->v))
			continue;
		snprintf(cell->name, sizeof(cell->name), "%s_%s", cell->c->name,
		    cell->v->name);
		tests[count++] = (struct CMUnitTest){ .name = cell->name,
			.test_func = run_cell,
			.teardown_func = teardown,
			.initial_state = cell };
	}
	/* cmocka counts an array; the rest of this one has no function. */
	rc = _cmocka_run_group_tests(group, tests, count, setup_group,
	    teardown_group);
	free(tests);
	free(cells);
	return rc;
}

ssize_t
link_send(const struct link *l, const void *buf, size_t len, int flags)
{
	return call_sendto(l->sock, buf, len, flags, NULL, 0);
}

ssize_t
link_recv(const struct link *l, void *buf, size_t len, int flags)
{
	return call_recvfrom(l->sock, buf, len, flags, NULL, NULL);
}

static struct tcp_info
info_of(int kfd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info);

	assert_int_equal(getsockopt(kfd, IPPROTO_TCP, TCP_INFO, &info, &len),
	    0);
	return info;
}

void
link_settle(struct link *l)
{
	const int kfd = loop_kfd(l->sock), on = 1;
	struct tcp_info here, there;

	/* Small records do not wait for an acknowledgement either. */
	assert_int_equal(setsockopt(l->peer.kfd, IPPROTO_TCP, TCP_NODELAY, &on,
	                     sizeof(on)),
	    0);
	do {
		sched_yield();
		there = info_of(l->peer.kfd);
		here = info_of(kfd);
	} while (there.tcpi_notsent_bytes > 0 ||
	    here.tcpi_bytes_received <
	        there.tcpi_bytes_sent - there.tcpi_bytes_retrans);
}

void
link_block(const struct link *l)
{
	fake_kernel_install();
	fake_kernel_fail(FAKE_SENDTO, INT_MAX, EAGAIN);
	assert_int_equal(link_send(l, "b", 1, MSG_DONTWAIT), 1);
}

short
link_poll(const struct link *l, short events, int timeout_ms)
{
	struct pollfd p = { .fd = l->sock, .events = events };

	assert_true(poll_sockets(&p, 1, timeout_ms, false) >= 0);
	return p.revents;
}
