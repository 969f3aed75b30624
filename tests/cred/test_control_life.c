#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cred/control.h"
#include "cred/control_answer.h"
#include "cred/store.h"
#include "support/ctl.h"

/* How the thread of the control socket begins and ends. */

/* LeakSanitizer needs a descriptor, and /proc, when the process ends. */
static int no_leak_check;

int __lsan_is_turned_off(void);
int
__lsan_is_turned_off(void)
{
	return no_leak_check;
}

extern void __tsan_init(void) __attribute__((weak));

static int
make_dir(void **state)
{
	(void)state;
	return ctl_dir_make() != NULL ? 0 : -1;
}

static int
remove_dir(void **state)
{
	(void)state;
	ctl_dir_remove();
	unsetenv("ZSOCK_CTL");
	unsetenv("ZSOCK_CTL_NAME");
	unsetenv("ZSOCK_LOG");
	return 0;
}

/* What this process says of itself: its level, and its name. */
static enum wire_level
hello(char name[64])
{
	struct wire_frame w = { 0 };
	struct wire_reader r = { 0 };
	struct wire_field f;
	const int fd = ctl_connect(getpid());
	enum wire_level level;
	size_t at = 0;

	CHECK(fd >= 0);
	wire_begin(&w, WIRE_HELLO, 1);
	CHECK(wire_end(&w) && ctl_send(fd, &w) && ctl_receive(fd, &r));
	CHECK(r.head.type == WIRE_HELLO_OK);
	level = (enum wire_level)ctl_number(&r, WIRE_LEVEL, 99);
	while (wire_next(r.body.data, r.head.len, &at, &f) == 1) {
		if (f.tag == WIRE_NAME)
			CHECK(wire_text(&f, name, 64));
	}
	wire_read_fini(&r);
	close(fd);
	return level;
}

static void
use_all_descriptors(void)
{
	const struct rlimit few = { 64, 64 };

	no_leak_check = 1;
	CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
	while (open("/dev/null", O_RDONLY) != -1)
		continue;
}

static void
in_exit_without_descriptors(void)
{
	CHECK(control_start(WIRE_LEVEL_LOAD, NULL) == 0);
	use_all_descriptors();
}

static void
in_exit_without_descriptors_shared(void)
{
	ctl_forbid_close_range();
	in_exit_without_descriptors();
}

static void
in_stop_without_descriptors(void)
{
	in_exit_without_descriptors();
	CHECK(control_stop() == 0);
	CHECK(control_stop() == -ENOENT);
}

static void
it_ends_when_all_descriptors_are_used(void **state)
{
	(void)state;
	assert_int_equal(ctl_run(in_exit_without_descriptors), 0);
	assert_int_equal(ctl_run(in_exit_without_descriptors_shared), 0);
	assert_int_equal(ctl_run(in_stop_without_descriptors), 0);
	assert_int_equal(ctl_dir_count(""), 0);
}

static void
in_another_root(void)
{
	CHECK(control_start(WIRE_LEVEL_LOAD, NULL) == 0);
	no_leak_check = 1;
	CHECK(chroot("/proc") == 0);
}

static void
it_ends_and_its_name_goes_with_another_root(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("only root may have another root\n");
		skip();
	}
	assert_int_equal(ctl_run(in_another_root), 0);
	assert_int_equal(ctl_dir_count(""), 0);
}

static void
in_stray_signal(void)
{
	sigset_t set;
	char name[64];

	/* As of a program that blocks it and never looks. */
	sigemptyset(&set);
	sigaddset(&set, SIGURG);
	CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
	CHECK(control_start(WIRE_LEVEL_LOAD, NULL) == 0);
	CHECK(kill(getpid(), SIGURG) == 0);
	CHECK(hello(name) == WIRE_LEVEL_LOAD);
	CHECK(sigpending(&set) == 0 && sigismember(&set, SIGURG) == 1);
	CHECK(control_stop() == 0);
	CHECK(sigpending(&set) == 0 && sigismember(&set, SIGURG) == 1);
}

static void
the_programs_signals_stay_its_own(void **state)
{
	(void)state;
	assert_int_equal(ctl_run(in_stray_signal), 0);
}

static void *
ask(void *arg)
{
	(void)arg;
	control_ready();
	return NULL;
}

/* Until the thread waits in its start, or has not begun it yet. */
static void
in_cancelled(void)
{
	const int dir = open(getenv("ZSOCK_CTL_DIR"), O_RDONLY | O_CLOEXEC);
	pthread_t thread;
	void *result;

	setenv("ZSOCK_CTL", "load", 1);
	alarm(60);
	CHECK(dir != -1 && flock(dir, LOCK_EX) == 0);
	CHECK(pthread_create(&thread, NULL, ask, NULL) == 0);
	while (ctl_threads() == 0)
		usleep(1000);
	CHECK(pthread_cancel(thread) == 0);
	CHECK(pthread_join(thread, &result) == 0);
	CHECK(flock(dir, LOCK_UN) == 0);
	control_ready();
	CHECK(control_start(WIRE_LEVEL_LOAD, NULL) == 0);
	CHECK(control_stop() == 0);
}

static void
a_thread_that_is_cancelled_in_a_start_keeps_no_lock(void **state)
{
	(void)state;
	assert_int_equal(ctl_run(in_cancelled), 0);
}

static pthread_barrier_t both;

static void *
start_list(void *arg)
{
	pthread_barrier_wait(&both);
	*(int *)arg = control_start(WIRE_LEVEL_LIST, NULL);
	return NULL;
}

static void
in_race(void)
{
	char name[64];

	alarm(120);
	CHECK(pthread_barrier_init(&both, NULL, 2) == 0);
	for (int i = 0; i < 300; i++) {
		int started, stopped;
		pthread_t thread;

		CHECK(pthread_create(&thread, NULL, start_list, &started) == 0);
		pthread_barrier_wait(&both);
		stopped = control_stop();
		CHECK(pthread_join(thread, NULL) == 0);
		CHECK(started == 0);
		if (stopped == 0) /* it came second */
			continue;
		CHECK(stopped == -ENOENT);
		CHECK(hello(name) == WIRE_LEVEL_LIST);
		CHECK(control_stop() == 0);
	}
}

static void
a_start_and_a_stop_at_once_are_one_after_the_other(void **state)
{
	(void)state;
	assert_int_equal(ctl_run(in_race), 0);
}

static void
in_name(void)
{
	char name[64];

	CHECK(control_start(WIRE_LEVEL_LIST, "first") == 0);
	CHECK(hello(name) == WIRE_LEVEL_LIST && strcmp(name, "first") == 0);
	CHECK(control_stop() == 0);
	CHECK(control_start(WIRE_LEVEL_FULL, NULL) == 0);
	CHECK(hello(name) == WIRE_LEVEL_FULL);
	if (getenv("ZSOCK_CTL_NAME") != NULL)
		CHECK(strcmp(name, getenv("ZSOCK_CTL_NAME")) == 0);
	else
		CHECK(strncmp(name, program_invocation_short_name, 15) == 0);
}

static void
no_name_is_the_environments_or_the_programs(void **state)
{
	(void)state;
	assert_int_equal(ctl_run(in_name), 0);
	setenv("ZSOCK_CTL_NAME", "second", 1);
	assert_int_equal(ctl_run(in_name), 0);
}

/* As ulimit -n does. */
static void
in_few_descriptors(void)
{
	struct rlimit few = { 8, 8 };
	char name[64];

	CHECK(getrlimit(RLIMIT_NOFILE, &few) == 0);
	CHECK(control_start(WIRE_LEVEL_LOAD, NULL) == 0);
	few.rlim_cur = 8;
	CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
	for (int i = 0; i < 3; i++)
		CHECK(hello(name) == WIRE_LEVEL_LOAD);
	CHECK(control_start(WIRE_LEVEL_LOAD, NULL) == -EALREADY);
	CHECK(control_stop() == 0);
	CHECK(control_start(WIRE_LEVEL_LOAD, NULL) == 0);
	CHECK(hello(name) == WIRE_LEVEL_LOAD);
}

/* The three of the standard, a listener and a client. */
static void
in_five_descriptors(void)
{
	const struct rlimit few = { 5, 5 };
	char name[64];

	for (int fd = 3; fd < 4096; fd++)
		close(fd);
	CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
	CHECK(control_start(WIRE_LEVEL_LOAD, NULL) == 0);
	for (int i = 0; i < 3; i++)
		CHECK(hello(name) == WIRE_LEVEL_LOAD);
	CHECK(control_stop() == 0);
	CHECK(ctl_dir_count("") == 0);
}

static void
few_descriptors_are_enough(void **state)
{
	(void)state;
	assert_int_equal(ctl_run(in_few_descriptors), 0);
	if (__tsan_init != NULL)
		print_message("ThreadSanitizer has no name for what it is not "
		              "to tell without a sixth descriptor\n");
	else
		assert_int_equal(ctl_run(in_five_descriptors), 0);
}

static void
in_ended(void)
{
	const char *dir = getenv("ZSOCK_CTL_DIR");
	char line[1024] = "", name[64];
	int pipes[2];

	alarm(60);
	ctl_forbid_close_range();
	CHECK(control_start(WIRE_LEVEL_LOAD, NULL) == 0);
	CHECK(chmod(dir, 0777) == 0);
	CHECK(pipe(pipes) == 0);
	CHECK(dup2(pipes[0], 0) == 0 && dup2(pipes[1], 2) == 2);
	for (int fd = 3; fd < 4096; fd++)
		close(fd);
	CHECK(read(0, line, sizeof(line) - 1) > 0); /* it looks */
	CHECK(strstr(line, "there is no control socket any more") != NULL);
	while (control_start(WIRE_LEVEL_LOAD, NULL) == -EALREADY)
		usleep(1000); /* it says so before it ends */
	CHECK(chmod(dir, 0700) == 0);
	CHECK(control_stop() == -ENOENT);
	CHECK(control_start(WIRE_LEVEL_LOAD, NULL) == 0);
	CHECK(hello(name) == WIRE_LEVEL_LOAD);
}

static void
one_that_has_ended_by_itself_can_be_started_again(void **state)
{
	(void)state;
	assert_int_equal(ctl_run(in_ended), 0);
}

/* Changes of n pairs, and their answer. */
static void
apply(size_t n)
{
	struct cred_op op = { CRED_OP_PUT, 1, CRED_PSK,
		(const unsigned char *)"0123456789abcdef", 16, false };
	struct wire_frame w = { 0 };
	struct wire_reader r = { 0 };
	const int fd = ctl_connect(getpid());

	CHECK(fd >= 0);
	wire_begin(&w, WIRE_APPLY, 1);
	for (size_t i = 0; i < n; i++, op.tag++)
		wire_put_op(&w, &op);
	CHECK(wire_end(&w) && ctl_send(fd, &w) && ctl_receive(fd, &r));
	CHECK(r.head.type == WIRE_APPLIED);
	CHECK(ctl_number(&r, WIRE_ADDED, 0) == n);
	wire_read_fini(&r);
	close(fd);
}

static void
in_full_log(void)
{
	char page[4096] = { 0 };
	int pipes[2], status;
	pid_t child;

	alarm(60);
	CHECK(pipe(pipes) == 0 && dup2(pipes[1], 2) == 2);
	CHECK(fcntl(2, F_SETFL, O_NONBLOCK) == 0);
	while (write(2, page, sizeof(page)) > 0)
		continue;
	CHECK(fcntl(2, F_SETFL, 0) == 0);
	CHECK(control_start(WIRE_LEVEL_LOAD, NULL) == 0);
	apply(3);
	child = fork();
	if (child == 0)
		_exit(0);
	CHECK(waitpid(child, &status, 0) == child && status == 0);
}

static void
in_full_log_shared(void)
{
	ctl_forbid_close_range();
	in_full_log();
}

static void
a_log_that_nobody_reads_does_not_stop_a_fork(void **state)
{
	(void)state;
	setenv("ZSOCK_LOG", "info", 1);
	assert_int_equal(ctl_run(in_full_log), 0);
	assert_int_equal(ctl_run(in_full_log_shared), 0);
}

static void
in_many_lines(void)
{
	size_t lines = 0;
	char text[4096];
	int pipes[2];
	ssize_t n;

	alarm(120);
	CHECK(pipe(pipes) == 0 && dup2(pipes[1], 2) == 2);
	CHECK(control_start(WIRE_LEVEL_LOAD, NULL) == 0);
	apply(CONTROL_OPS_MAX);
	while (lines < CONTROL_OPS_MAX) {
		n = read(pipes[0], text, sizeof(text) - 1);
		CHECK(n > 0);
		text[n] = '\0';
		CHECK(strstr(text, "lost") == NULL);
		for (ssize_t i = 0; i < n; i++)
			lines += text[i] == '\n';
	}
	CHECK(lines == CONTROL_OPS_MAX);
}

static void
every_change_is_a_line(void **state)
{
	(void)state;
	setenv("ZSOCK_LOG", "info", 1);
	assert_int_equal(ctl_run(in_many_lines), 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, make_dir, remove_dir)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(it_ends_when_all_descriptors_are_used),
		TEST(it_ends_and_its_name_goes_with_another_root),
		TEST(the_programs_signals_stay_its_own),
		TEST(a_thread_that_is_cancelled_in_a_start_keeps_no_lock),
		TEST(a_start_and_a_stop_at_once_are_one_after_the_other),
		TEST(no_name_is_the_environments_or_the_programs),
		TEST(few_descriptors_are_enough),
		TEST(one_that_has_ended_by_itself_can_be_started_again),
		TEST(a_log_that_nobody_reads_does_not_stop_a_fork),
		TEST(every_change_is_a_line),
	};

	return cmocka_run_group_tests_name("cred/control_life", tests, NULL,
	    NULL);
}
