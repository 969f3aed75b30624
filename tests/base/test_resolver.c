#include "support/test.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/config.h"
#include "base/deadline.h"
#include "base/resolver.h"
#include "support/fake_resolver.h"

#define NEVER_MS 60000 /* a limit that is never reached */

static const struct addrinfo v4 = { .ai_family = AF_INET,
	.ai_socktype = SOCK_STREAM };

static int
setup(void **state)
{
	(void)state;
	fake_resolver_install();
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	fake_resolver_remove();
	return 0;
}

static void
an_answer_comes_from_another_thread(void **state)
{
	struct addrinfo *res = NULL;

	(void)state;
	fake_resolver_answer(AF_INET, 0, EXDEV, "192.0.2.1 192.0.2.2");
	errno = 0;
	assert_int_equal(resolver_query("host", &v4, NEVER_MS, &res), 0);
	assert_int_equal(errno, 0);
	assert_non_null(res->ai_next);
	assert_null(res->ai_next->ai_next);
	assert_false(fake_resolver_was_here());
	resolver->freeaddrinfo(res);
}

static const struct code_case {
	const char *name;
	int code, err;
} codes[] = {
	{ "again", EAI_AGAIN, 0 },
	{ "fail", EAI_FAIL, 0 },
	{ "family", EAI_FAMILY, 0 },
	{ "memory", EAI_MEMORY, 0 },
	{ "nodata", EAI_NODATA, 0 },
	{ "noname", EAI_NONAME, 0 },
	{ "addrfamily", EAI_ADDRFAMILY, 0 },
	{ "system", EAI_SYSTEM, EHOSTDOWN },
};

static void
a_code_comes_through(void **state)
{
	const struct code_case *c = *state;
	struct addrinfo *res = (struct addrinfo *)&v4;

	setup(NULL);
	fake_resolver_answer(AF_INET, c->code, c->err, NULL);
	errno = 0;
	assert_int_equal(resolver_query("host", &v4, NEVER_MS, &res), c->code);
	assert_int_equal(errno, c->err);
	assert_ptr_equal(res, &v4);
	teardown(NULL);
}

static void
a_silent_resolver_is_left_behind(void **state)
{
	struct addrinfo *res = (struct addrinfo *)&v4;
	struct deadline d;

	(void)state;
	fake_resolver_answer(AF_INET, 0, 0, "192.0.2.1");
	fake_resolver_hold(true);
	d = deadline_in_ms(5);
	assert_int_equal(resolver_query("host", &v4, 5, &res), EAI_CANCELED);
	assert_int_equal(deadline_left_ms(d), 0); /* not before its time */
	assert_ptr_equal(res, &v4);
	/* What it answers afterwards is released, which teardown looks at. */
	fake_resolver_hold(false);
	resolver_drain();
	assert_int_equal(resolver_query("host", &v4, NEVER_MS, &res), 0);
	resolver->freeaddrinfo(res);
}

static void
no_time_at_all_is_cancelled(void **state)
{
	struct addrinfo *res;

	(void)state;
	fake_resolver_hold(true);
	assert_int_equal(resolver_query("host", &v4, 0, &res), EAI_CANCELED);
	assert_int_equal(resolver_query("host", &v4, -1, &res), EAI_CANCELED);
}

static void
queries_do_not_pile_up(void **state)
{
	struct addrinfo *res;

	(void)state;
	fake_resolver_hold(true);
	for (int i = 0; i < RESOLVER_MAX; i++)
		assert_int_equal(resolver_query("host", &v4, 1, &res),
		    EAI_CANCELED);
	assert_int_equal(resolver_query("host", &v4, NEVER_MS, &res),
	    EAI_AGAIN);
	fake_resolver_hold(false);
	resolver_drain();
	assert_int_equal(fake_resolver_count(), RESOLVER_MAX);
	assert_int_equal(resolver_query("host", &v4, NEVER_MS, &res),
	    EAI_NONAME);
}

static volatile sig_atomic_t signals;
static pthread_t handled_by;

static void
on_signal(int number)
{
	(void)number;
	signals++;
	handled_by = pthread_self();
}

static void
the_thread_takes_no_signals(void **state)
{
	const struct sigaction sa = { .sa_handler = on_signal };
	struct addrinfo *res;
	sigset_t usr1, old;

	(void)state;
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	assert_int_equal(sigaction(SIGUSR1, &sa, NULL), 0);
	fake_resolver_hold(true);
	assert_int_equal(resolver_query("host", &v4, 1, &res), EAI_CANCELED);
	/* Nobody else could take it, so it stays until this thread does. */
	pthread_sigmask(SIG_BLOCK, &usr1, &old);
	kill(getpid(), SIGUSR1);
	fake_resolver_hold(false);
	resolver_drain();
	assert_int_equal(signals, 0);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	assert_int_equal(signals, 1);
	assert_true(pthread_equal(handled_by, pthread_self()));
}

/* What main does for the next test: ends in the middle of a query. */
static int
leave(void)
{
	struct addrinfo *res;

	fake_resolver_install();
	fake_resolver_hold(true);
	return resolver_query("host", &v4, 1, &res) == EAI_CANCELED ? 0 : 1;
}

static void
a_query_does_not_keep_the_process(void **state)
{
	int status;
	pid_t child;

	(void)state;
	child = fork();
	if (child == 0) {
		alarm(30);
		execl("/proc/self/exe", "test_resolver", "leave", (char *)NULL);
		_exit(1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
a_child_has_no_queries_under_way(void **state)
{
	struct addrinfo *res;
	int status;
	pid_t child;

	(void)state;
	fake_resolver_hold(true);
	for (int i = 0; i < RESOLVER_MAX; i++)
		assert_int_equal(resolver_query("host", &v4, 1, &res),
		    EAI_CANCELED);
	child = fork();
	if (child == 0) {
		alarm(30); /* it would wait for threads that it does not have */
		resolver_drain();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(int argc, char *argv[])
{
#define WITH_FAKE(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest others[] = {
		WITH_FAKE(an_answer_comes_from_another_thread),
		WITH_FAKE(a_silent_resolver_is_left_behind),
		WITH_FAKE(no_time_at_all_is_cancelled),
		WITH_FAKE(queries_do_not_pile_up),
		WITH_FAKE(the_thread_takes_no_signals),
		WITH_FAKE(a_query_does_not_keep_the_process),
		WITH_FAKE(a_child_has_no_queries_under_way),
	};
	struct CMUnitTest tests[LEN(codes) + LEN(others)];

	(void)argv;
	if (argc > 1)
		return leave();
	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	for (size_t i = 0; i < LEN(codes); i++) {
		tests[i] = (struct CMUnitTest){ .name = codes[i].name,
			.test_func = a_code_comes_through,
			.initial_state = (void *)&codes[i] };
	}
	memcpy(&tests[LEN(codes)], others, sizeof(others));
	return cmocka_run_group_tests_name("base/resolver", tests, NULL, NULL);
}
