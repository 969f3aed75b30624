#include "support/test.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/core/forked.h"
#include "shim/core/passage.h"
#include "sock/sock.h"
#include "support/loop.h"

static int
setup(void **state)
{
	(void)state;
	forked_watch();
	return 0;
}

static int
count_forks(void)
{
	struct passage p;

	if (!passage_enter(&p, -1))
		return -1;
	(void)passage_leave(&p, 0);
	return (int)atomic_load(&sock_forks);
}

static int
is_counted_once(void *arg)
{
	const int before = *(int *)arg;

	return count_forks() != before + 1 || count_forks() != before + 1;
}

static void
a_child_of_clone_is_seen_by_its_first_call(void **state)
{
	int before = count_forks();
	const pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	(void)state;
	if (child == 0) {
		alarm(20);
		_exit((int)atomic_load(&sock_forks) != before ||
		    is_counted_once(&before));
	}
	assert_true(child > 0);
	assert_int_equal(loop_wait(child), 0);
	assert_int_equal(count_forks(), before);
}

static void
a_child_of_fork_is_seen_by_fork_alone(void **state)
{
	int before = count_forks();

	(void)state;
	assert_int_equal(loop_wait(loop_fork(is_counted_once, &before)), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_child_of_clone_is_seen_by_its_first_call),
		cmocka_unit_test(a_child_of_fork_is_seen_by_fork_alone),
	};

	return cmocka_run_group_tests_name("shim/forked", tests, setup, NULL);
}
