#include "support/test.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/config.h"
#include "sock/call.h"
#include "sock/kinds.h"
#include "sock/leaks.h"
#include "support/loop.h"

static char said[65536];

/* Not static: the backtrace can only tell the names of such functions. */
void leak_nothing(void);
void leak_a_stream(void);
void leak_a_bound_dgram(void);
void leak_a_connection(void);
void leak_a_secure_listener(void);
void leak_in_a_grandchild(void);
void leak_what_atexit_closes(void);
void leak_two_of_three(void);

void
leak_nothing(void)
{
	const int sock = call_socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(call_close(sock), 0);
}

void
leak_a_stream(void)
{
	assert_int_equal(call_socket(AF_INET, SOCK_STREAM, 0), 0);
}

static uint16_t
bind_loopback(int sock, int family)
{
	struct sockaddr_storage addr;
	struct sockaddr *sa = (struct sockaddr *)&addr;
	socklen_t len = loop_addr(&addr, family, 0);

	assert_int_equal(call_bind(sock, sa, len), 0);
	assert_int_equal(call_getsockname(sock, sa, &len), 0);
	return ntohs(((struct sockaddr_in *)sa)->sin_port);
}

/* The children tell what they expect before they leak it. */
static void
expect(const char *fmt, int a, int b)
{
	fprintf(stderr, fmt, a, b);
	fprintf(stderr, "\n");
}

void
leak_a_bound_dgram(void)
{
	const int sock = call_socket(AF_INET6, SOCK_DGRAM, 0);

	expect("want: socket 0, dgram, [::1]:%d, no peer, was never closed",
	    bind_loopback(sock, AF_INET6), 0);
}

void
leak_a_connection(void)
{
	uint16_t port, own;
	const int listener = loop_listen_raw(AF_INET, &port);
	const int sock = call_socket(AF_INET, SOCK_STREAM, 0);

	own = bind_loopback(sock, AF_INET);
	assert_true(listener >= 0);
	assert_int_equal(loop_connect(sock, AF_INET, port), 0);
	expect("want: socket 0, stream, 127.0.0.1:%d, 127.0.0.1:%d, was never "
	       "closed",
	    own, port);
}

void
leak_a_secure_listener(void)
{
	const int sock = call_socket(AF_INET, SOCK_STREAM, KINDS_TLS_1_2);

	expect("want: socket 0, tls-stream, 127.0.0.1:%d, no peer, was never "
	       "closed",
	    bind_loopback(sock, AF_INET), 0);
	assert_int_equal(call_listen(sock, 1), 0);
}

/* What is the parent's to close is not told by its child. */
void
leak_in_a_grandchild(void)
{
	const int sock = call_socket(AF_INET, SOCK_STREAM, 0);
	pid_t child;

	assert_true(sock >= 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		assert_int_equal(call_socket(AF_INET, SOCK_DGRAM, 0), 1);
		exit(EXIT_SUCCESS);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(call_close(sock), 0);
}

static void
close_0(void)
{
	(void)call_close(0);
}

void
leak_what_atexit_closes(void)
{
	assert_int_equal(atexit(close_0), 0);
	assert_int_equal(call_socket(AF_INET, SOCK_STREAM, 0), 0);
}

/* The place in memory, and the number, of one that was closed. */
void
leak_two_of_three(void)
{
	assert_int_equal(call_socket(AF_INET, SOCK_STREAM, 0), 0);
	assert_int_equal(call_socket(AF_INET, SOCK_STREAM, 0), 1);
	assert_int_equal(call_close(0), 0);
	assert_int_equal(call_socket(AF_INET, SOCK_DGRAM, 0), 0);
}

static const struct leak_case {
	const char *name;
	void (*leak)(void);
	const char *variable; /* ZSOCK_LEAKS */
	int count;            /* of sockets in the list */
	const char *has;      /* also */
} cases[] = {
	{ "a_closed_socket_is_none", leak_nothing, "1", 0, "" },
	{ "off_says_nothing", leak_a_stream, "0", 0, "" },
	{ "unset_says_nothing", leak_a_stream, NULL, 0, "" },
	{ "a_stream_without_addresses", leak_a_stream, "1", 1,
	    "socket 0, stream, no address, no peer, was never closed; made "
	    "by\n" },
	{ "the_calls_that_made_it_are_listed", leak_a_stream, "1", 1,
	    "leak_a_stream" },
	{ "a_dgram_with_its_address", leak_a_bound_dgram, "1", 1, "" },
	{ "a_connection_with_both_addresses", leak_a_connection, "1", 1, "" },
	{ "a_secure_socket", leak_a_secure_listener, "1", 1, "" },
	{ "a_child_tells_its_own_only", leak_in_a_grandchild, "1", 1,
	    "socket 1, dgram" },
	{ "what_atexit_closes_is_none", leak_what_atexit_closes, "1", 0, "" },
	{ "in_the_order_of_their_numbers", leak_two_of_three, "1", 2,
	    "socket 0, dgram" },
};

/* Runs the row's function in a child that exits; said is its stderr. */
static void
run(const struct leak_case *c)
{
	size_t len = 0;
	ssize_t n;
	int fds[2], status;
	pid_t child;

	assert_int_equal(pipe(fds), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		(void)dup2(fds[1], STDERR_FILENO);
		close(fds[1]);
		close(fds[0]);
		if (c->variable != NULL)
			setenv("ZSOCK_LEAKS", c->variable, 1);
		else
			unsetenv("ZSOCK_LEAKS");
		config_reload();
		c->leak();
		exit(EXIT_SUCCESS);
	}
	close(fds[1]);
	while ((n = read(fds[0], said + len, sizeof(said) - 1 - len)) > 0)
		len += (size_t)n;
	assert_int_equal(n, 0);
	said[len] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static int
count(const char *text, const char *part)
{
	int n = 0;

	while ((text = strstr(text, part)) != NULL) {
		n++;
		text += strlen(part);
	}
	return n;
}

static void
the_list_is_right(void **state)
{
	const struct leak_case *c = *state;
	char *want, *end;

	run(c);
	if (count(said, "was never closed; made by\n") != c->count ||
	    strstr(said, c->has) == NULL)
		fail_msg("%s", said);
	want = strstr(said, "want: ");
	if (want == NULL)
		return;
	want += strlen("want: ");
	end = strchr(want, '\n');
	assert_non_null(end);
	*end = '\0';
	if (strstr(end + 1, want) == NULL)
		fail_msg("%s\n%s", want, end + 1);
}

static void
a_trace_is_forgotten_once(void **state)
{
	struct zsock *s = sock_alloc(sizeof(*s));
	const struct zsock_ops ops = { .name = "dummy" };

	(void)state;
	setenv("ZSOCK_LEAKS", "1", 1);
	config_reload();
	sock_init(s, &ops, -1);
	assert_non_null(s->trace);
	leaks_forget(s);
	assert_null(s->trace);
	leaks_forget(s);
	sock_init(s, &ops, -1);
	sock_release(s, sizeof(*s));
	assert_null(s->trace);
	unsetenv("ZSOCK_LEAKS");
	config_reload();
	sock_init(s, &ops, -1);
	assert_null(s->trace);
}

int
main(void)
{
	struct CMUnitTest tests[LEN(cases) + 1];
	size_t n;

	for (n = 0; n < LEN(cases); n++) {
		tests[n] = (struct CMUnitTest){ .name = cases[n].name,
			.test_func = the_list_is_right,
			.initial_state = (void *)&cases[n] };
	}
	tests[n] =
	    (struct CMUnitTest)cmocka_unit_test(a_trace_is_forgotten_once);
	return cmocka_run_group_tests_name("sock/leaks", tests, NULL, NULL);
}
