#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/config.h"
#include "base/kfd.h"
#include "base/log.h"
#include "support/fake_kernel.h"
#include "support/loop.h"

/* What a process without stdin, stdout and stderr says of itself. */
enum { GOOD, NOT_OPENED, WRONG_NUMBER, LEFT_OPEN, TORN, SILENT };

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) != -1;
}

static int
open_one(int kfds[2])
{
	kfds[0] = kfd_opened(eventfd(0, EFD_CLOEXEC));
	return kfds[0] < 0 ? kfds[0] : 0;
}

static int
open_two(int kfds[2])
{
	return kfd_opened_pair(socketpair(AF_UNIX, SOCK_STREAM, 0, kfds), kfds);
}

static const struct open_case {
	const char *name;
	int (*open)(int kfds[2]);
	int n;
	bool keep; /* the numbers */
	bool full; /* the table of descriptors */
} opens[] = {
	{ "one_is_above_stderr", open_one, 1, false, false },
	{ "two_are_above_stderr", open_two, 2, false, false },
	{ "one_stays_where_it_is", open_one, 1, true, false },
	{ "two_stay_where_they_are", open_two, 2, true, false },
	{ "none_if_there_is_no_higher", open_one, 1, false, true },
	{ "no_two_if_there_is_no_higher", open_two, 2, false, true },
};

static int
in_child(void *arg)
{
	const struct open_case *c = arg;
	int kfds[2], rc;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		close(fd);
	fake_kernel_install();
	if (c->keep)
		kfd_keep_numbers();
	if (c->full)
		fake_kernel_fail(FAKE_FCNTL, 2, EMFILE);
	rc = c->open(kfds);
	if (rc != (c->full ? -ENFILE : 0))
		return NOT_OPENED;
	for (int i = 0; i < c->n && !c->full; i++) {
		if (!is_open(kfds[i]) ||
		    (c->keep ? kfds[i] != i : kfds[i] <= STDERR_FILENO))
			return WRONG_NUMBER;
	}
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO && !c->keep; fd++) {
		if (is_open(fd))
			return LEFT_OPEN;
	}
	return GOOD;
}

static void
number_is_right(void **state)
{
	assert_int_equal(loop_wait(loop_fork(in_child, *state)), GOOD);
}

/* A daemon with the kernel's numbers: one of its sockets is where stderr was. */
static int
log_to_a_socket(void *arg)
{
	char byte;
	int kfds[2];

	(void)arg;
	kfd_keep_numbers();
	close(STDERR_FILENO);
	if (open_two(kfds) != 0 || kfds[0] != STDERR_FILENO)
		return NOT_OPENED;
	log_line(LOG_ERROR, "for nobody");
	if (recv(kfds[1], &byte, 1, MSG_DONTWAIT) != -1)
		return TORN;
	/* What has the number next is a stderr again. */
	kfd_close(kfds[0]);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, kfds) != 0 ||
	    kfds[0] != STDERR_FILENO)
		return NOT_OPENED;
	log_line(LOG_ERROR, "for somebody");
	return recv(kfds[1], &byte, 1, MSG_DONTWAIT) == 1 ? GOOD : SILENT;
}

static void
no_line_goes_into_a_socket(void **state)
{
	(void)state;
	assert_int_equal(loop_wait(loop_fork(log_to_a_socket, NULL)), GOOD);
}

int
main(void)
{
	struct CMUnitTest tests[LEN(opens) + 1];
	size_t n = 0;

	setenv("ZSOCK_LOG", "warn", 1);
	unsetenv("ZSOCK_LOG_FILE");
	config_reload();
	for (; n < LEN(opens); n++)
		tests[n] = (struct CMUnitTest){ .name = opens[n].name,
			.test_func = number_is_right,
			.initial_state = (void *)&opens[n] };
	tests[n] =
	    (struct CMUnitTest)cmocka_unit_test(no_line_goes_into_a_socket);
	return cmocka_run_group_tests_name("base/kfd", tests, NULL, NULL);
}
