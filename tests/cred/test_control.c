#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/census.h"
#include "cred/bundle.h"
#include "cred/control.h"
#include "cred/store.h"
#include "sock/call.h"
#include "support/ctl.h"

/*
 * ThreadSanitizer cannot follow a fork of a process with threads that starts some
 * more.
 */
extern void __tsan_init(void) __attribute__((weak));

static bool
is_left_out(void)
{
	if (__tsan_init != NULL)
		print_message("left out: ThreadSanitizer cannot follow such a "
		              "fork\n");
	return __tsan_init != NULL;
}

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
	return 0;
}

/* As closefrom(3) of a libc that has it. */
static void
close_all(void)
{
	for (int fd = 3; fd < 4096; fd++)
		close(fd);
}

/* A process whose listener was closed makes another when a client comes. */
static bool
answers_in_the_end(void)
{
	for (int i = 0; i < 1000; i++) {
		const int rc = ctl_hello(getpid());

		if (rc == getpid())
			return true;
		if (rc != -EPIPE && rc != -ECONNREFUSED && rc != -ECONNRESET)
			return false;
		usleep(1000);
	}
	return false;
}

static void
in_off_there_is_nothing(void)
{
	const int before = ctl_descriptors();

	control_ready();
	CHECK(ctl_threads() == 0);
	CHECK(ctl_descriptors() == before);
	CHECK(ctl_dir_count("") == 0);
	CHECK(control_stop() == -ENOENT);
}

/* T27 */
static void
off_is_no_thread_no_descriptor_no_file(void **state)
{
	(void)state;
	assert_int_equal(ctl_run(in_off_there_is_nothing), 0);
	setenv("ZSOCK_CTL", "off", 1);
	assert_int_equal(ctl_run(in_off_there_is_nothing), 0);
}

static void
in_environment(void)
{
	setenv("ZSOCK_CTL", "1", 1);
	control_ready();
	CHECK(ctl_hello(getpid()) == getpid());
	CHECK(control_start(WIRE_LEVEL_FULL, NULL) == -EALREADY);
}

static void
the_environment_asks_for_it(void **state)
{
	(void)state;
	assert_int_equal(ctl_run(in_environment), 0);
}

static void
in_bad_environment(void)
{
	setenv("ZSOCK_CTL", "yes", 1);
	control_ready();
}

static void
in_bad_name(void)
{
	setenv("ZSOCK_CTL", "load", 1);
	setenv("ZSOCK_CTL_NAME", "/a", 1);
	control_ready();
}

static void
what_cannot_be_understood_ends_the_program(void **state)
{
	(void)state;
	assert_int_equal(ctl_run(in_bad_environment), 78);
	assert_int_equal(ctl_run(in_bad_name), 78);
}

static void
in_start_and_stop(void)
{
	const int before = ctl_descriptors();
	struct stat st;
	char path[256];

	for (int i = 0; i < 3; i++) {
		CHECK(control_start(WIRE_LEVEL_LOAD, NULL) == 0);
		CHECK(control_start(WIRE_LEVEL_LOAD, NULL) == -EALREADY);
		CHECK(ctl_threads() > 0);
		CHECK(ctl_descriptors() == before);
		CHECK(ctl_dir_count(".sock") == 1);
		CHECK(ctl_dir_count("") == 1);
		snprintf(path, sizeof(path), "%s/%d.sock",
		    getenv("ZSOCK_CTL_DIR"), getpid());
		CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
		CHECK(ctl_hello(getpid()) == getpid());
		CHECK(control_stop() == 0);
		CHECK(control_stop() == -ENOENT);
		CHECK(ctl_dir_count("") == 0);
		control_ready(); /* which the program has decided */
		CHECK(ctl_dir_count("") == 0);
	}
	for (int i = 0; i < 5000 && ctl_threads() != 0; i++)
		usleep(1000); /* until the kernel has done with them */
	CHECK(ctl_threads() == 0);
	CHECK(control_start(WIRE_LEVEL_OFF, NULL) == -EINVAL);
	CHECK(control_start(WIRE_LEVEL_LOAD, "12") == -EINVAL);
	CHECK(control_start(WIRE_LEVEL_LOAD, "") == -EINVAL);
}

static void
a_program_starts_and_stops_it(void **state)
{
	(void)state;
	assert_int_equal(ctl_run(in_start_and_stop), 0);
}

static void
in_exit(void)
{
	CHECK(control_start(WIRE_LEVEL_LOAD, NULL) == 0);
	CHECK(ctl_dir_count(".sock") == 1);
}

static void
exit_removes_the_name(void **state)
{
	(void)state;
	assert_int_equal(ctl_run(in_exit), 0);
	assert_int_equal(ctl_dir_count(""), 0);
}

static void
check_numbers(void)
{
	int pipes[2], fd;
	char byte;

	CHECK(pipe(pipes) == 0);
	CHECK(control_start(WIRE_LEVEL_LOAD, NULL) == 0);
	fd = open("/dev/null", O_RDONLY);
	CHECK(fd == pipes[1] + 1);
	close(fd);
	close(pipes[1]);
	CHECK(read(pipes[0], &byte, 1) == 0);
	CHECK(ctl_hello(getpid()) == getpid());
	close(pipes[0]);
}

static void
in_own_table(void)
{
	const int before = ctl_descriptors();

	check_numbers();
	CHECK(ctl_descriptors() == before);
	close_all();
	CHECK(ctl_hello(getpid()) == getpid());
}

/* T28 */
static void
the_programs_descriptors_are_its_own(void **state)
{
	(void)state;
	assert_int_equal(ctl_run(in_own_table), 0);
}

static void
in_shared_table(void)
{
	ctl_forbid_close_range();
	check_numbers();
	close_all();
	CHECK(answers_in_the_end());
	CHECK(ctl_dir_count("") == 1);
	CHECK(control_stop() == 0);
	CHECK(ctl_dir_count("") == 0);
}

/* T29 */
static void
without_close_range_it_works_in_the_programs_table(void **state)
{
	(void)state;
	assert_int_equal(ctl_run(in_shared_table), 0);
}

static void
wait_for_child(pid_t child)
{
	int status;

	CHECK(waitpid(child, &status, 0) == child);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void
check_fork(void)
{
	pid_t child;

	CHECK(control_start(WIRE_LEVEL_LOAD, NULL) == 0);
	child = fork();
	if (child == 0) {
		CHECK(ctl_threads() == 0);
		CHECK(ctl_dir_count(".sock") == 1);
		CHECK(ctl_hello(getppid()) == getppid());
		control_ready();
		CHECK(ctl_dir_count(".sock") == 2);
		CHECK(ctl_hello(getpid()) == getpid());
		exit(0);
	}
	wait_for_child(child);
	CHECK(ctl_dir_count(".sock") == 1);
	child = fork();
	if (child == 0)
		exit(0); /* which has none, and leaves the parent's */
	wait_for_child(child);
	CHECK(ctl_hello(getpid()) == getpid());
}

static void
in_fork(void)
{
	check_fork();
}

static void
in_fork_shared(void)
{
	const int before = ctl_descriptors();
	pid_t child;

	ctl_forbid_close_range();
	check_fork();
	child = fork();
	if (child == 0) {
		CHECK(ctl_descriptors() == before);
		exit(0);
	}
	wait_for_child(child);
}

/* T39 */
static void
a_forks_child_has_a_socket_of_its_own(void **state)
{
	(void)state;
	if (is_left_out())
		return;
	assert_int_equal(ctl_run(in_fork), 0);
	assert_int_equal(ctl_run(in_fork_shared), 0);
}

static void
in_long_path(void)
{
	char path[300], *old = strdup(getenv("ZSOCK_CTL_DIR"));
	size_t n = (size_t)snprintf(path, sizeof(path), "%s/", old);

	memset(path + n, 'd', 255);
	path[273] = '\0';
	CHECK(strlen(path) == 273);
	setenv("ZSOCK_CTL_DIR", path, 1);
	CHECK(control_start(WIRE_LEVEL_LOAD, NULL) == 0);
	CHECK(ctl_hello(getpid()) == getpid());
	CHECK(control_stop() == 0);
	CHECK(rmdir(path) == 0);
	free(old);
}

static void
in_long_path_shared(void)
{
	ctl_forbid_close_range();
	in_long_path();
}

/* T44 */
static void
a_directory_may_have_a_long_path(void **state)
{
	(void)state;
	assert_int_equal(ctl_run(in_long_path), 0);
	assert_int_equal(ctl_run(in_long_path_shared), 0);
}

static void
in_relative(void)
{
	char path[] = "/tmp";
	char *dir = getenv("ZSOCK_CTL_DIR") + sizeof(path);

	CHECK(chdir(path) == 0);
	setenv("ZSOCK_CTL_DIR", dir, 1);
	CHECK(control_start(WIRE_LEVEL_LOAD, NULL) == 0);
	CHECK(chdir("/") == 0);
	CHECK(ctl_dir_count(".sock") == 1);
	CHECK(control_stop() == 0);
	CHECK(ctl_dir_count(".sock") == 0);
}

static void
a_program_may_go_to_another_directory(void **state)
{
	(void)state;
	assert_int_equal(ctl_run(in_relative), 0);
}

static void
send_bytes(int fd, const void *bytes, size_t len)
{
	CHECK(send(fd, bytes, len, MSG_NOSIGNAL) == (ssize_t)len);
}

/* T46 */
static void
in_bad_clients(void)
{
	static const unsigned char magic[12] = { 'Z', 'D', 1, 1 };
	static const unsigned char huge[12] = { 'Z', 'C', 1, 4, 0, 0, 0, 1, 255,
		255, 255, 255 };
	static const unsigned char cut[18] = { 'Z', 'C', 1, 2, 0, 0, 0, 1, 0, 0,
		0, 6, 0, 11, 0, 0, 0, 9 };
	static const unsigned char none[12] = { 'Z', 'C', 1, 200 };
	struct wire_reader r = { 0 };
	int fd, fds[9];

	CHECK(control_start(WIRE_LEVEL_LOAD, NULL) == 0);
	fd = ctl_connect(getpid());
	send_bytes(fd, magic, sizeof(magic));
	CHECK(ctl_closed(fd, 10000));
	close(fd);
	fd = ctl_connect(getpid());
	send_bytes(fd, huge, sizeof(huge));
	CHECK(ctl_closed(fd, 10000));
	close(fd);
	fd = ctl_connect(getpid());
	send_bytes(fd, cut, sizeof(cut));
	CHECK(ctl_closed(fd, 10000));
	close(fd);
	fd = ctl_connect(getpid());
	send_bytes(fd, none, sizeof(none));
	CHECK(ctl_receive(fd, &r) && r.head.type == WIRE_ERROR);
	CHECK(ctl_number(&r, WIRE_ERRNO, 0) == ENOSYS);
	send_bytes(fd, none, sizeof(none)); /* it stays */
	CHECK(ctl_receive(fd, &r) && r.head.type == WIRE_ERROR);
	wire_read_fini(&r);
	close(fd);
	for (size_t i = 0; i < LEN(fds); i++) {
		fds[i] = ctl_connect(getpid());
		CHECK(fds[i] >= 0);
		if (i < 8) {
			send_bytes(fds[i], none, sizeof(none));
			CHECK(ctl_receive(fds[i], &r));
		}
	}
	CHECK(ctl_closed(fds[8], 10000));
	for (size_t i = 0; i < LEN(fds); i++)
		close(fds[i]);
	wire_read_fini(&r);
	CHECK(answers_in_the_end());
}

static void
bad_clients_are_closed_and_others_served(void **state)
{
	(void)state;
	assert_int_equal(ctl_run(in_bad_clients), 0);
}

static void
in_silence(void)
{
	static const unsigned char half[7] = { 'Z', 'C', 1, 4 };
	int half_frame, nothing;

	CHECK(control_start(WIRE_LEVEL_LOAD, NULL) == 0);
	nothing = ctl_connect(getpid());
	half_frame = ctl_connect(getpid());
	send_bytes(half_frame, half, sizeof(half));
	CHECK(!ctl_closed(half_frame, 3000));
	CHECK(ctl_closed(half_frame, 10000));
	CHECK(ctl_closed(nothing, 10000));
	CHECK(ctl_hello(getpid()) == getpid());
}

/* T46 */
static void
half_a_frame_has_five_seconds(void **state)
{
	(void)state;
	assert_int_equal(ctl_run(in_silence), 0);
}

static void
in_apply(void)
{
	const int tags[] = { 42 };
	const struct cred_op op = { CRED_OP_PUT, 42, CRED_PSK,
		(const unsigned char *)"0123456789abcdef", 16, false };
	struct wire_frame w = { 0 };
	struct wire_reader r = { 0 };
	char line[256] = "", want[256];
	int sock, fd, pipes[2];
	struct pollfd p;

	control_count_by(&census); /* which the library itself does */
	CHECK(store_add(42, CRED_PSK, "x", 1) == 0);
	CHECK(store_add(42, CRED_PSK_ID, "x", 1) == 0);
	sock = call_socket(AF_INET, SOCK_STREAM, 258);
	CHECK(sock >= 0);
	CHECK(call_setsockopt(sock, 282, 1, tags, sizeof(tags)) == 0);
	CHECK(pipe(pipes) == 0);
	CHECK(dup2(pipes[1], 2) == 2);
	CHECK(control_start(WIRE_LEVEL_LOAD, NULL) == 0);
	fd = ctl_connect(getpid());
	wire_begin(&w, WIRE_APPLY, 1);
	wire_put_op(&w, &op);
	CHECK(wire_end(&w) && ctl_send(fd, &w) && ctl_receive(fd, &r));
	CHECK(r.head.type == WIRE_APPLIED);
	CHECK(ctl_number(&r, WIRE_REPLACED, 0) == 1);
	CHECK(ctl_number(&r, WIRE_OPEN_TAG, 0) == 42);
	CHECK(ctl_number(&r, WIRE_SESSIONS, 99) == 0);
	wire_read_fini(&r);
	snprintf(want, sizeof(want),
	    "zsock: info: control: uid %u pid %d replaced 42/PSK\n", getuid(),
	    getpid());
	p = (struct pollfd){ pipes[0], POLLIN, 0 };
	CHECK(poll(&p, 1, 10000) == 1);
	CHECK(read(pipes[0], line, sizeof(line) - 1) > 0);
	CHECK(strcmp(line, want) == 0);
	CHECK(call_close(sock) == 0);
	close(fd);
}

static void
in_apply_shared(void)
{
	ctl_forbid_close_range();
	in_apply();
}

static void
a_change_is_logged_and_open_sockets_are_counted(void **state)
{
	(void)state;
	setenv("ZSOCK_LOG", "info", 1);
	assert_int_equal(ctl_run(in_apply), 0);
	assert_int_equal(ctl_run(in_apply_shared), 0);
	unsetenv("ZSOCK_LOG");
}

/* A client whose APPLY is large, in pieces, while others ask and fork. */
static void
in_large(void)
{
	struct wire_frame w = { 0 };
	struct wire_reader r = { 0 };
	struct cred_op op = { CRED_OP_ADD, 0, CRED_CA_CERTIFICATE, NULL,
		BUNDLE_VALUE_MAX, false };
	unsigned char *big = calloc(1, BUNDLE_VALUE_MAX);
	size_t half;
	pid_t child;
	int fd;

	CHECK(big != NULL);
	op.data = big;
	CHECK(control_start(WIRE_LEVEL_FULL, NULL) == 0);
	fd = ctl_connect(getpid());
	wire_begin(&w, WIRE_APPLY, 1);
	for (op.tag = 0; op.tag < 5; op.tag++)
		wire_put_op(&w, &op);
	CHECK(wire_end(&w));
	half = w.b.len / 2;
	CHECK(send(fd, w.b.data, half, 0) == (ssize_t)half);
	child = fork();
	if (child == 0) {
		control_ready();
		CHECK(ctl_hello(getpid()) == getpid());
		exit(0);
	}
	wait_for_child(child);
	CHECK(ctl_hello(getpid()) == getpid());
	CHECK(send(fd, w.b.data + half, w.b.len - half, 0) ==
	    (ssize_t)(w.b.len - half));
	wire_fini(&w);
	CHECK(ctl_receive(fd, &r) && r.head.type == WIRE_APPLIED);
	CHECK(ctl_number(&r, WIRE_ADDED, 0) == 5);
	wire_begin(&w, WIRE_GET, 2);
	wire_put_u32(&w, WIRE_SEC_TAG, 3);
	wire_put_u32(&w, WIRE_CRED_TYPE, CRED_CA_CERTIFICATE);
	CHECK(wire_end(&w) && ctl_send(fd, &w) && ctl_receive(fd, &r));
	CHECK(r.head.type == WIRE_VALUE && r.head.len > BUNDLE_VALUE_MAX);
	wire_read_fini(&r);
	close(fd);
	free(big);
}

static void
large_frames_come_in_pieces(void **state)
{
	(void)state;
	if (is_left_out())
		return;
	assert_int_equal(ctl_run(in_large), 0);
}

static void
in_exit_while_asked(void)
{
	CHECK(control_start(WIRE_LEVEL_LOAD, NULL) == 0);
	for (int i = 0; i < 4; i++) {
		if (fork() == 0) {
			while (ctl_hello(getppid()) > 1)
				continue;
			_exit(0);
		}
	}
	while (ctl_hello(getpid()) != getpid())
		continue;
}

static void
a_process_ends_while_it_is_asked(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		assert_int_equal(ctl_run(in_exit_while_asked), 0);
	assert_int_equal(ctl_dir_count(""), 0);
}

/* T43 */
static void
in_open_directory(void)
{
	const char *dir = getenv("ZSOCK_CTL_DIR");
	char line[1024] = "";
	int pipes[2];

	CHECK(chmod(dir, 0777) == 0);
	CHECK(pipe(pipes) == 0);
	CHECK(dup2(pipes[1], 2) == 2);
	CHECK(control_start(WIRE_LEVEL_LOAD, NULL) == -EPERM);
	control_ready(); /* which does not say it again */
	CHECK(read(pipes[0], line, sizeof(line) - 1) > 0);
	CHECK(strncmp(line, "zsock: error: control: ", 23) == 0);
	CHECK(strstr(line, dir) != NULL && strstr(line, "chmod 700") != NULL);
	CHECK(strchr(line, '\n') == line + strlen(line) - 1);
	CHECK(ctl_dir_count("") == 0);
	CHECK(chmod(dir, 0700) == 0);
	CHECK(control_start(WIRE_LEVEL_LOAD, NULL) == 0);
}

static void
a_directory_that_others_may_use_is_refused(void **state)
{
	(void)state;
	assert_int_equal(ctl_run(in_open_directory), 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, make_dir, remove_dir)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(off_is_no_thread_no_descriptor_no_file),
		TEST(the_environment_asks_for_it),
		TEST(what_cannot_be_understood_ends_the_program),
		TEST(a_program_starts_and_stops_it),
		TEST(exit_removes_the_name),
		TEST(the_programs_descriptors_are_its_own),
		TEST(without_close_range_it_works_in_the_programs_table),
		TEST(a_forks_child_has_a_socket_of_its_own),
		TEST(a_directory_may_have_a_long_path),
		TEST(a_program_may_go_to_another_directory),
		TEST(bad_clients_are_closed_and_others_served),
		TEST(half_a_frame_has_five_seconds),
		TEST(a_change_is_logged_and_open_sockets_are_counted),
		TEST(large_frames_come_in_pieces),
		TEST(a_process_ends_while_it_is_asked),
		TEST(a_directory_that_others_may_use_is_refused),
	};

	return cmocka_run_group_tests_name("cred/control", tests, NULL, NULL);
}
