/*
 * The first calls of a process, in a process of its own for each allocation that
 * fails, of what is made once: nothing crashes, the errno is one that the header
 * has, and the same works a moment later.  OpenSSL's own are left out: 3.0 does
 * not survive one that fails in its first call.
 */
#include "support/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <zephyr/net/socket.h>
#include <zephyr/zvfs/eventfd.h>
#include <zsock/credentials.h>
#include <zsock/zsock.h>

#include "base/err.h"
#include "support/loop.h"
#include "support/scratch.h"
#include "sweep/documents.h"
#include "sweep/heap.h"
#include "sweep/scene.h"
#include "sweep/table.h"

#define ALLOCATIONS_MAX 65536

/* What a child tells its parent. */
static struct told {
	long n;
	bool refused;
	char why[200];
	unsigned char owners[ALLOCATIONS_MAX];
} * told;

static char *bundle;
static size_t bundle_len;
static uint16_t port;

/* With what the environment of a device may have. */
static void
init(void *arg)
{
	struct zsock_init_params p = ZSOCK_INIT_DEFAULTS;

	p.limits = "limits.conf";
	p.hosts = "hosts";
	(void)scene_did(arg, DEED_LIMIT, -1, zsock_init(&p));
}

static void
sockets(void *arg)
{
	struct zsock_pollfd p = { .events = ZSOCK_POLLOUT };
	const int event =
	    (int)scene_did(arg, DEED_EVENT, -1, zvfs_eventfd(0, 0));
	int sv[2] = { -1, -1 };

	p.fd = (int)scene_did(arg, DEED_SOCKET, -1,
	    zsock_socket(AF_INET, SOCK_DGRAM, 0));
	(void)scene_did(arg, DEED_POLL, -1, zsock_poll(&p, 1, 0));
	(void)scene_did(arg, DEED_PAIR, -1,
	    zsock_socketpair(AF_UNIX, SOCK_STREAM, 0, sv));
	scene_close(arg, event);
	scene_close(arg, p.fd);
	scene_close(arg, sv[0]);
	scene_close(arg, sv[1]);
}

/* To somebody who never answers: what counts is the ClientHello. */
static void
connect_to_silence(struct scene_run *run, int sock)
{
	const struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int rc =
	    zsock_connect(sock, (const struct sockaddr *)&addr, sizeof(addr));

	if (rc == -1 && errno != ETIMEDOUT)
		(void)scene_did(run, DEED_CONNECT, sock, -1);
}

static void
tls(void *arg)
{
	struct scene_run *run = arg;
	const int tags[] = { 1, 2 };
	struct zsock_cred_error e;
	int sock, rc;

	rc = zsock_cred_load_mem(bundle, bundle_len, ZSOCK_CRED_REPLACE, &e);
	if (rc < 0) {
		errno = -rc;
		(void)scene_did(run, DEED_LOAD, -1, -1);
		return;
	}
	scene_mine(run)->secure = true;
	sock = (int)scene_did(run, DEED_SOCKET, -1,
	    zsock_socket(AF_INET, SOCK_STREAM, NET_IPPROTO_TLS_1_2));
	if (sock < 0)
		return;
	if (scene_did(run, DEED_OPTION, sock,
	        zsock_setsockopt(sock, ZSOCK_SOL_TLS, ZSOCK_TLS_SEC_TAG_LIST,
	            tags, sizeof(tags))) == 0)
		connect_to_silence(run, sock);
	scene_close(run, sock);
}

static const struct scene scenes[] = {
	{ "init", "zephyr", init, NULL, NULL, NULL, NULL },
	{ "sockets", "zephyr", sockets, NULL, NULL, NULL, NULL },
	{ "tls", "zephyr", tls, NULL, NULL, NULL, NULL },
};

/* In the child. */
static void
run_one(const struct scene *s, long nth)
{
	struct scene_run run;
	const char *why;
	int side;

	table_install();
	heap_arm(nth);
	scene_run(s, &run);
	told->n = heap_disarm();
	told->refused = heap_refused(&side);
	for (long i = 1; i <= told->n && i < ALLOCATIONS_MAX; i++)
		told->owners[i] = (unsigned char)heap_owner_of(i);
	why =
	    nth == 0 ? documents_judge_good(&run) : documents_judge(&run, 0, 0);
	if (why == NULL && strcmp(s->name, "init") != 0) {
		scene_run(s, &run); /* nothing of it is for good */
		why = documents_judge_good(&run);
	}
	if (why != NULL)
		snprintf(told->why, sizeof(told->why), "%s", why);
}

static void
fail_once(const struct scene *s, long nth)
{
	pid_t child;
	int status;

	told->why[0] = '\0';
	fflush(NULL);
	child = fork();
	if (child == 0) {
		run_one(s, nth);
		_exit(0);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("allocation %ld: the process ends with %#x", nth,
		    (unsigned)status);
	if (told->why[0] != '\0')
		fail_msg("allocation %ld: %s", nth, told->why);
}

static void
sweep_scene(void **state)
{
	static unsigned char owners[ALLOCATIONS_MAX];
	const struct scene *s = *state;
	long n;
	size_t count = 0;

	fail_once(s, 0);
	n = told->n;
	assert_true(n < ALLOCATIONS_MAX);
	memcpy(owners, told->owners, sizeof(owners));
	for (long i = 1; i <= n; i++) {
		if (owners[i] == HEAP_OPENSSL)
			continue;
		fail_once(s, i);
		count++;
	}
	print_message("%s: %zu of %ld allocations have failed\n", s->name,
	    count, n);
}

static int
setup(void **state)
{
	if (scratch_enter(state) != 0)
		return -1;
	scratch_text("limits.conf", "CONFIG_NET_MAX_CONTEXTS=20\n", 0600);
	scratch_text("hosts", "127.0.0.1 broker.test\n", 0600);
	bundle = scratch_example(&bundle_len);
	(void)loop_listen_raw(AF_INET, &port); /* until the process ends */
	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return told != MAP_FAILED ? 0 : -1;
}

static int
teardown(void **state)
{
	free(bundle);
	munmap(told, sizeof(*told));
	return scratch_leave(state);
}

int
main(void)
{
	struct CMUnitTest tests[LEN(scenes)];

	setenv("ZSOCK_LOG", "warn", 1);
	(void)test_rows(tests, sweep_scene, scenes, LEN(scenes),
	    sizeof(scenes[0]));
	return cmocka_run_group_tests_name("sweep/cold", tests, setup,
	    teardown);
}
