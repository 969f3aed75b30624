#include "support/quirks.h"

#include "support/test.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/config.h"
#include "base/limits.h"
#include "support/loop.h"

static int open_socks[64], n_open;
static char log_path[64];

int
quirks_keep(int sock)
{
	assert_true(sock >= 0);
	assert_in_range(n_open, 0, LEN(open_socks) - 1);
	open_socks[n_open++] = sock;
	return sock;
}

int
quirks_errno(long result)
{
	return result == -1 ? errno : 0;
}

int
quirks_open(int family, int type)
{
	return quirks_keep(zsock_socket(family, type, 0));
}

union quirks_addr
quirks_loopback(int family, uint16_t port)
{
	union quirks_addr a;

	memset(&a, 0, sizeof(a));
	a.any.sa_family = (net_sa_family_t)family;
	a.in.sin_port = net_htons(port);
	if (family == NET_AF_INET)
		a.in.sin_addr.s_addr = net_htonl(NET_INADDR_LOOPBACK);
	else
		a.in6.sin6_addr = net_in6addr_loopback;
	return a;
}

net_socklen_t
quirks_len(const union quirks_addr *a)
{
	return a->any.sa_family == NET_AF_INET ? sizeof(a->in) : sizeof(a->in6);
}

int
quirks_bound_in(int family, int type, union quirks_addr *a)
{
	const int sock = quirks_open(family, type);
	net_socklen_t len = sizeof(*a);

	*a = quirks_loopback(family, 0);
	assert_int_equal(zsock_bind(sock, &a->any, quirks_len(a)), 0);
	assert_int_equal(zsock_getsockname(sock, &a->any, &len), 0);
	return sock;
}

int
quirks_bound(int type, union quirks_addr *a)
{
	return quirks_bound_in(NET_AF_INET, type, a);
}

int
quirks_listener(union quirks_addr *a)
{
	const int sock = quirks_bound(NET_SOCK_STREAM, a);

	assert_int_equal(zsock_listen(sock, 4), 0);
	return sock;
}

struct quirks_link
quirks_link(void)
{
	struct quirks_link l;

	l.listener = quirks_listener(&l.addr);
	l.client = quirks_open(NET_AF_INET, NET_SOCK_STREAM);
	assert_int_equal(zsock_connect(l.client, &l.addr.any,
	                     sizeof(l.addr.in)),
	    0);
	l.server = quirks_keep(zsock_accept(l.listener, NULL, NULL));
	return l;
}

void
quirks_close(int sock)
{
	for (int i = 0; i < n_open; i++) {
		if (open_socks[i] == sock)
			open_socks[i] = -1;
	}
	assert_int_equal(zsock_close(sock), 0);
}

int
quirks_poll(int sock, int events)
{
	struct zsock_pollfd fd = { .fd = sock, .events = (short)events };

	assert_true(zsock_poll(&fd, 1, 0) >= 0);
	return fd.revents;
}

/* Asks the kernel, so that no rule of the library's own gets into it. */
void
quirks_await(int sock)
{
	struct pollfd fd = { .fd = loop_kfd(sock),
		.events = POLLIN | POLLRDHUP };

	assert_int_equal(poll(&fd, 1, QUIRKS_FAR_MS), 1);
}

void
quirks_nonblock(int sock)
{
	assert_int_equal(zsock_fcntl(sock, ZVFS_F_SETFL, ZVFS_O_NONBLOCK), 0);
}

const char *
quirks_log(void)
{
	static char text[65536];
	FILE *file = fopen(log_path, "r");
	size_t n = 0;

	if (file != NULL) {
		n = fread(text, 1, sizeof(text) - 1, file);
		fclose(file);
	}
	text[n] = '\0';
	return text;
}

int
quirks_hazards(void)
{
	const char *p = quirks_log();
	int n = 0;

	while ((p = strstr(p, "warn: hazard: ")) != NULL) {
		n++;
		p++;
	}
	return n;
}

/* One cell: which row, and under which profile. */
struct cell {
	const struct quirk_case *row;
	enum profile profile;
};

static void
cell_holds(void **state)
{
	const struct cell *c = *state;
	const int want = c->row->want[c->profile];

	profile_set(c->profile);
	assert_int_equal(quirk_of(c->row->quirk, c->profile), want);
	assert_int_equal(c->row->probe(), want);
}

static int
clean_up(void **state)
{
	(void)state;
	while (n_open > 0) {
		if (open_socks[--n_open] >= 0)
			(void)zsock_close(open_socks[n_open]);
	}
	limits_clear();
	(void)truncate(log_path, 0);
	return 0;
}

/* A new log, which the library writes to from now on. */
static int
make_log(void)
{
	int fd;

	snprintf(log_path, sizeof(log_path), "/tmp/zsock-quirks-XXXXXX");
	fd = mkstemp(log_path);
	if (fd == -1)
		return -1;
	close(fd);
	setenv("ZSOCK_LOG_FILE", log_path, 1);
	setenv("ZSOCK_LOG", "warn", 1);
	config_reload();
	return 0;
}

int
quirks_begin(void)
{
	return make_log();
}

void
quirks_end(void)
{
	(void)clean_up(NULL);
	unlink(log_path);
	unsetenv("ZSOCK_LOG_FILE");
	config_reload();
}

/* A test under one profile. */
struct checked {
	const struct quirks_test *test;
	enum profile profile;
};

static void
check_holds(void **state)
{
	const struct checked *c = *state;

	profile_set(c->profile);
	c->test->check();
}

int
quirks_run_tests(const char *group, enum profile p,
    const struct quirks_test *tests, size_t n)
{
	struct CMUnitTest *units = calloc(n, sizeof(*units));
	struct checked *checks = calloc(n, sizeof(*checks));
	int rc;

	if (units == NULL || checks == NULL || make_log() == -1)
		return 99;
	for (size_t i = 0; i < n; i++) {
		checks[i] = (struct checked){ &tests[i], p };
		units[i] = (struct CMUnitTest){ .name = tests[i].name,
			.test_func = check_holds,
			.teardown_func = clean_up,
			.initial_state = &checks[i] };
	}
	rc = _cmocka_run_group_tests(group, units, n, NULL, NULL);
	free(units);
	free(checks);
	unlink(log_path);
	return rc;
}

int
quirks_run(const char *group, const struct quirk_case *cases, size_t n)
{
	struct CMUnitTest *tests = calloc(n * PROFILE_COUNT, sizeof(*tests));
	struct cell *cells = calloc(n * PROFILE_COUNT, sizeof(*cells));
	size_t k = 0;
	int rc;

	if (tests == NULL || cells == NULL || make_log() == -1)
		return 99;
	for (size_t i = 0; i < n; i++) {
		for (int p = 0; p < PROFILE_COUNT; p++, k++) {
			char *name = NULL;

			if (asprintf(&name, "%s_%s", cases[i].name,
			        profile_name((enum profile)p)) == -1)
				return 99;
			cells[k] = (struct cell){ &cases[i], (enum profile)p };
			tests[k] = (struct CMUnitTest){ .name = name,
				.test_func = cell_holds,
				.teardown_func = clean_up,
				.initial_state = &cells[k] };
		}
	}
	rc = _cmocka_run_group_tests(group, tests, k, NULL, NULL);
	for (size_t i = 0; i < k; i++)
		free((char *)(uintptr_t)tests[i].name);
	free(tests);
	free(cells);
	unlink(log_path);
	return rc;
}
