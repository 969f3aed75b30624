#include "support/test.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <zephyr/net/socket.h>
#include <zsock/zsock.h>

#include "base/config.h"
#include "base/limits.h"
#include "base/profile.h"
#include "support/capture.h"

#define NONE (-7)

static char good[] = "/tmp/zsock-test-init-XXXXXX";
static char bad[] = "/tmp/zsock-test-init-XXXXXX";

static void
write_file(char *path, const char *text)
{
	const int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
}

static int
setup(void **state)
{
	(void)state;
	write_file(good, "CONFIG_NET_MAX_CONTEXTS=5\n");
	write_file(bad, "# x\nCONFIG_NET_MAX_CONTEXTS=many\n");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	return unlink(good) == 0 && unlink(bad) == 0 ? 0 : -1;
}

/* Each row has a child of its own, for the first socket fixes everything. */
static const struct init_case {
	const char *name;
	struct zsock_init_params params;
	const char *env_base, *env_limits;
	int want; /* an errno */
	enum profile profile;
	int first;    /* the number of the first socket */
	int contexts; /* LIMIT_CONTEXTS, or NONE */
	const char *says;
} cases[] = {
	{ "defaults_change_nothing", ZSOCK_INIT_DEFAULTS, NULL, NULL, 0,
	    PROFILE_ZEPHYR, 0, NONE, "" },
	{ "defaults_leave_the_environment", ZSOCK_INIT_DEFAULTS, "4", good, 0,
	    PROFILE_ZEPHYR, 4, 5, "" },
	{ "profile", { "zephyr-3.3", -1, NULL, NULL }, NULL, NULL, 0,
	    PROFILE_ZEPHYR_3_3, 0, NONE, "" },
	{ "profile_linux", { "linux", -1, NULL, NULL }, NULL, NULL, 0,
	    PROFILE_LINUX, 0, NONE, "" },
	{ "fd_base", { NULL, 3, NULL, NULL }, NULL, NULL, 0, PROFILE_ZEPHYR, 3,
	    NONE, "" },
	{ "fd_base_0_overrides", { NULL, 0, NULL, NULL }, "4", NULL, 0,
	    PROFILE_ZEPHYR, 0, NONE, "" },
	{ "limits", { NULL, -1, good, NULL }, NULL, NULL, 0, PROFILE_ZEPHYR, 0,
	    5, "" },
	{ "all_at_once", { "linux", 9, good, NULL }, NULL, NULL, 0,
	    PROFILE_LINUX, 9, 5, "" },
	{ "unknown_profile", { "zephyr-2", 3, good, NULL }, NULL, NULL, EINVAL,
	    PROFILE_ZEPHYR, 0, NONE, "the profiles are" },
	{ "empty_profile", { "", 3, NULL, NULL }, NULL, NULL, EINVAL,
	    PROFILE_ZEPHYR, 0, NONE, "the profiles are" },
	{ "fd_base_too_low", { "linux", -2, NULL, NULL }, NULL, NULL, EINVAL,
	    PROFILE_ZEPHYR, 0, NONE, "fd_base" },
	{ "fd_base_too_high", { "linux", 1000001, NULL, NULL }, NULL, NULL,
	    EINVAL, PROFILE_ZEPHYR, 0, NONE, "fd_base" },
	{ "limits_missing", { "linux", 3, "/nonexistent", NULL }, NULL, NULL,
	    ENOENT, PROFILE_ZEPHYR, 0, NONE, "/nonexistent" },
	{ "limits_unreadable", { "linux", 3, "/", NULL }, NULL, NULL, EISDIR,
	    PROFILE_ZEPHYR, 0, NONE, "/ cannot be read" },
	{ "hosts", { "linux", -1, NULL, "/dev/null" }, NULL, NULL, 0,
	    PROFILE_LINUX, 0, NONE, "" },
	{ "hosts_missing", { "linux", 3, NULL, "/nonexistent" }, NULL, NULL,
	    ENOENT, PROFILE_ZEPHYR, 0, NONE, "/nonexistent" },
	{ "hosts_with_a_bad_line", { "linux", 3, NULL, bad }, NULL, NULL,
	    EINVAL, PROFILE_ZEPHYR, 0, NONE, ":2: " },
	{ "limits_with_a_bad_line", { "linux", 3, bad, NULL }, NULL, NULL,
	    EINVAL, PROFILE_ZEPHYR, 0, NONE, ":2: " },
};

static void
run(const struct init_case *c)
{
	const char *said;
	int sock;

	unsetenv("ZSOCK_PROFILE");
	if (c->env_base != NULL)
		setenv("ZSOCK_FD_BASE", c->env_base, 1);
	if (c->env_limits != NULL)
		setenv("ZSOCK_LIMITS", c->env_limits, 1);
	capture_start();
	errno = 0;
	assert_int_equal(zsock_init(&c->params), c->want != 0 ? -1 : 0);
	assert_int_equal(errno, c->want);
	said = capture_text();
	if (c->want == 0)
		assert_string_equal(said, "");
	else if (strstr(said, "zsock_init: ") == NULL ||
	    strstr(said, c->says) == NULL)
		fail_msg("%s", said);
	sock = zsock_socket(NET_AF_INET, NET_SOCK_STREAM, 0);
	assert_int_equal(sock, c->first);
	assert_int_equal(profile_get(), c->profile);
	assert_int_equal(limit_get(LIMIT_CONTEXTS, NONE), c->contexts);
	errno = 0;
	assert_int_equal(zsock_init(&c->params), -1);
	assert_int_equal(errno, EBUSY);
	assert_int_equal(profile_get(), c->profile);
	assert_int_equal(zsock_close(sock), 0);
	capture_stop();
}

static void
fork_and_run(void (*fn)(const struct init_case *c), const struct init_case *c)
{
	const pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		fn(c);
		_exit(EXIT_SUCCESS);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void
init_answers(void **state)
{
	fork_and_run(run, *state);
}

static void
call_twice(const struct init_case *c)
{
	struct zsock_init_params p = ZSOCK_INIT_DEFAULTS;

	(void)c;
	p.fd_base = 3;
	assert_int_equal(zsock_init(&p), 0);
	p.fd_base = -1;
	p.profile = "linux";
	assert_int_equal(zsock_init(&p), 0);
	assert_int_equal(zsock_socket(NET_AF_INET, NET_SOCK_DGRAM, 0), 3);
	assert_int_equal(profile_get(), PROFILE_LINUX);
}

static void
a_second_call_keeps_what_it_does_not_name(void **state)
{
	(void)state;
	fork_and_run(call_twice, NULL);
}

static void
no_params_are_einval(void **state)
{
	(void)state;
	errno = 0;
	assert_int_equal(zsock_init(NULL), -1);
	assert_int_equal(errno, EINVAL);
}

static const struct limit_case {
	const char *name;
	const char *symbol;
	int value, want;
} limits[] = {
	{ "limit_known", "CONFIG_NET_MAX_CONTEXTS", 4, 0 },
	{ "limit_by_its_older_name", "CONFIG_POSIX_MAX_FDS", 4, 0 },
	{ "limit_0", "CONFIG_NET_MAX_CONTEXTS", 0, 0 },
	{ "limit_taken_away", "CONFIG_NET_MAX_CONTEXTS", -1, 0 },
	{ "limit_unknown", "CONFIG_FOO", 1, ENOENT },
	{ "limit_negative", "CONFIG_NET_MAX_CONTEXTS", -2, EINVAL },
	{ "limit_too_large", "CONFIG_NET_MAX_CONTEXTS", INT_MAX, EINVAL },
	{ "limit_without_symbol", NULL, 1, EINVAL },
};

static void
set_limit_answers(void **state)
{
	const struct limit_case *c = *state;

	limits_clear();
	errno = 0;
	assert_int_equal(zsock_set_limit(c->symbol, c->value),
	    c->want != 0 ? -1 : 0);
	assert_int_equal(errno, c->want);
	limits_clear();
}

static void
set_before_the_first_socket(const struct init_case *c)
{
	(void)c;
	setenv("ZSOCK_LIMITS", good, 1);
	config_reload();
	assert_int_equal(zsock_set_limit("CONFIG_NET_MAX_CONTEXTS", 7), 0);
	assert_int_equal(zsock_socket(NET_AF_INET, NET_SOCK_DGRAM, 0), 0);
	assert_int_equal(limit_get(LIMIT_CONTEXTS, NONE), 7);
}

static void
the_environment_does_not_set_a_limit_back(void **state)
{
	(void)state;
	fork_and_run(set_before_the_first_socket, NULL);
}

static void
set_the_limit_of_numbers(const struct init_case *c)
{
	(void)c;
	assert_int_equal(zsock_socket(NET_AF_INET, NET_SOCK_DGRAM, 0), 0);
	assert_int_equal(zsock_set_limit("CONFIG_ZVFS_OPEN_MAX", 1), 0);
	errno = 0;
	assert_int_equal(zsock_socket(NET_AF_INET, NET_SOCK_DGRAM, 0), -1);
	assert_int_equal(errno, ENFILE);
	assert_int_equal(zsock_set_limit("CONFIG_ZVFS_OPEN_MAX", -1), 0);
	assert_int_equal(zsock_socket(NET_AF_INET, NET_SOCK_DGRAM, 0), 1);
}

static void
a_limit_counts_from_now_on(void **state)
{
	(void)state;
	fork_and_run(set_the_limit_of_numbers, NULL);
}

int
main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(a_second_call_keeps_what_it_does_not_name),
		cmocka_unit_test(no_params_are_einval),
		cmocka_unit_test(the_environment_does_not_set_a_limit_back),
		cmocka_unit_test(a_limit_counts_from_now_on),
	};
	struct CMUnitTest tests[LEN(cases) + LEN(limits) + LEN(others)];
	size_t n = 0;

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	for (size_t i = 0; i < LEN(cases); i++) {
		tests[n++] = (struct CMUnitTest){ .name = cases[i].name,
			.test_func = init_answers,
			.initial_state = (void *)&cases[i] };
	}
	for (size_t i = 0; i < LEN(limits); i++) {
		tests[n++] = (struct CMUnitTest){ .name = limits[i].name,
			.test_func = set_limit_answers,
			.initial_state = (void *)&limits[i] };
	}
	memcpy(&tests[n], others, sizeof(others));
	return cmocka_run_group_tests_name("api/init", tests, setup, teardown);
}
