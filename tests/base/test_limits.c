#include "support/test.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/config.h"
#include "base/limits.h"
#include "support/capture.h"

#define NONE (-7) /* what limit_get answers here where there is no limit */

static char path[] = "/tmp/zsock-test-limits-XXXXXX";

static int
group_setup(void **state)
{
	const int fd = mkstemp(path);

	(void)state;
	return fd >= 0 ? close(fd) : -1;
}

static int
group_teardown(void **state)
{
	(void)state;
	return unlink(path);
}

static int
setup(void **state)
{
	(void)state;
	limits_clear();
	return 0;
}

static void
write_file(const char *text, size_t len)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

/* Every symbol that counts, with both its names where it has two. */
static const struct symbol_case {
	const char *name;
	enum limit limit;
} symbols[] = {
	{ "CONFIG_ZVFS_OPEN_MAX", LIMIT_FDS },
	{ "CONFIG_POSIX_MAX_FDS", LIMIT_FDS },
	{ "CONFIG_NET_MAX_CONTEXTS", LIMIT_CONTEXTS },
	{ "CONFIG_NET_SOCKETS_TLS_MAX_CONTEXTS", LIMIT_TLS_CONTEXTS },
	{ "CONFIG_NET_SOCKETS_TLS_MAX_CREDENTIALS", LIMIT_TLS_TAGS },
	{ "CONFIG_NET_SOCKETS_TLS_MAX_CIPHERSUITES", LIMIT_TLS_SUITES },
	{ "CONFIG_NET_SOCKETS_TLS_MAX_APP_PROTOCOLS", LIMIT_TLS_PROTOCOLS },
	{ "CONFIG_NET_SOCKETS_TLS_MAX_CLIENT_SESSION_COUNT",
	    LIMIT_TLS_SESSIONS },
	{ "CONFIG_NET_SOCKETS_TLS_MAX_SESSION_CONTEXTS",
	    LIMIT_TLS_SESSION_CONTEXTS },
	{ "CONFIG_MBEDTLS_SSL_MAX_CONTENT_LEN", LIMIT_TLS_CONTENT },
	{ "CONFIG_NET_SOCKETS_DTLS_MAX_FRAGMENT_LENGTH", LIMIT_DTLS_FRAGMENT },
	{ "CONFIG_NET_SOCKETS_DTLS_SENDMSG_BUF_SIZE", LIMIT_DTLS_SENDMSG },
	{ "CONFIG_NET_SOCKETS_DTLS_TIMEOUT", LIMIT_DTLS_IDLE_MS },
	{ "CONFIG_TLS_MAX_CREDENTIALS_NUMBER", LIMIT_CREDENTIALS },
	{ "CONFIG_ZVFS_POLL_MAX", LIMIT_POLL },
	{ "CONFIG_NET_SOCKETS_POLL_MAX", LIMIT_POLL },
	{ "CONFIG_NET_SOCKETPAIR_BUFFER_SIZE", LIMIT_PAIR_BUFFER },
	{ "CONFIG_NET_SOCKETPAIR_MAX", LIMIT_PAIRS },
	{ "CONFIG_ZVFS_EVENTFD_MAX", LIMIT_EVENTS },
	{ "CONFIG_EVENTFD_MAX", LIMIT_EVENTS },
	{ "CONFIG_NET_TCP_MAX_RECV_WINDOW_SIZE", LIMIT_RECV_WINDOW },
	{ "CONFIG_NET_TCP_MAX_SEND_WINDOW_SIZE", LIMIT_SEND_WINDOW },
	{ "CONFIG_NET_BUF_TX_COUNT", LIMIT_TX_BUFFERS },
	{ "CONFIG_NET_BUF_DATA_SIZE", LIMIT_BUFFER_SIZE },
	{ "CONFIG_NET_SOCKETS_CONNECT_TIMEOUT", LIMIT_CONNECT_MS },
	{ "CONFIG_NET_SOCKET_MAX_SEND_WAIT", LIMIT_SEND_MS },
	{ "CONFIG_NET_SOCKETS_TLS_CONNECT_TIMEOUT", LIMIT_HANDSHAKE_MS },
	{ "CONFIG_NET_SOCKETS_DNS_TIMEOUT", LIMIT_DNS_MS },
	{ "CONFIG_DNS_RESOLVER_AI_MAX_ENTRIES", LIMIT_DNS_ENTRIES },
};

static void
symbol_sets_its_limit_and_no_other(void **state)
{
	const struct symbol_case *c = *state;
	char line[128], why[512] = "untouched";

	assert_int_equal(limit_get(c->limit, NONE), NONE);
	snprintf(line, sizeof(line), "%s=42\n", c->name);
	write_file(line, strlen(line));
	assert_int_equal(limits_load(path, why, sizeof(why)), 0);
	assert_string_equal(why, "untouched");
	for (int i = 0; i < LIMIT_COUNT; i++)
		assert_int_equal(limit_get((enum limit)i, NONE),
		    i == (int)c->limit ? 42 : NONE);
	assert_string_equal(limit_symbol(c->limit), c->name);
	limits_clear();
	assert_int_equal(limit_get(c->limit, NONE), NONE);
	assert_int_equal(limits_set(c->name, 43), 0);
	assert_int_equal(limit_get(c->limit, NONE), 43);
	assert_string_equal(limit_symbol(c->limit), c->name);
}

static void
every_limit_has_a_symbol_here(void **state)
{
	bool found[LIMIT_COUNT] = { false };

	(void)state;
	for (size_t i = 0; i < LEN(symbols); i++)
		found[symbols[i].limit] = true;
	for (int i = 0; i < LIMIT_COUNT; i++) {
		if (!found[i])
			fail_msg("%s", limit_symbol((enum limit)i));
	}
}

#define FDS "CONFIG_ZVFS_OPEN_MAX"
#define NAME "CONFIG_NET_HOSTNAME"
#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define THOUSAND \
	HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED \
	    HUNDRED HUNDRED
#define SIXTY TEN TEN TEN TEN TEN TEN

/* A file, and what it says; or which line cannot be understood. */
static const struct file_case {
	const char *name;
	const char *text;
	int fds;              /* LIMIT_FDS, or NONE */
	const char *hostname; /* or NULL */
	int bad;              /* the line, or 0 */
} files[] = {
	{ "an_empty_file", "", NONE, NULL, 0 },
	{ "decimal", FDS "=16\n", 16, NULL, 0 },
	{ "decimal_0", FDS "=0\n", 0, NULL, 0 },
	{ "hexadecimal", FDS "=0x1F\n", 31, NULL, 0 },
	{ "the_largest", FDS "=2147483646\n", INT_MAX - 1, NULL, 0 },
	{ "without_the_last_newline", FDS "=16", 16, NULL, 0 },
	{ "crlf", "# x\r\n" FDS "=16\r\n" NAME "=\"a\"\r\n", 16, "a", 0 },
	{ "blanks_at_both_ends", " \t" FDS "=16 \t\n", 16, NULL, 0 },
	{ "empty_lines", "\n\n \t\n" FDS "=16\n\n", 16, NULL, 0 },
	{ "a_comment", "# " FDS "=5\n#" FDS "=6\n", NONE, NULL, 0 },
	{ "not_set", "# " FDS " is not set\n", NONE, NULL, 0 },
	{ "another_symbol", "CONFIG_FOO=bar\nCONFIG_X=y\n", NONE, NULL, 0 },
	{ "a_longer_symbol", FDS "_X=5\nX_" FDS "=5\n", NONE, NULL, 0 },
	{ "another_symbol_with_blanks", "CONFIG_FOO = 5\n", NONE, NULL, 0 },
	{ "no_assignment", FDS "\nwhat is this\n", NONE, NULL, 0 },
	{ "the_last_one_counts", FDS "=5\n" FDS "=6\n", 6, NULL, 0 },
	{ "the_last_name_counts", FDS "=5\nCONFIG_POSIX_MAX_FDS=7\n", 7, NULL,
	    0 },
	{ "a_hostname", NAME "=\"dev-1\"\n", NONE, "dev-1", 0 },
	{ "an_empty_hostname", NAME "=\"\"\n", NONE, "", 0 },
	{ "the_longest_hostname", NAME "=\"" SIXTY "abc\"\n", NONE, SIXTY "abc",
	    0 },
	{ "a_comment_of_3000_characters",
	    "#" THOUSAND "\n" FDS "=4\n# " THOUSAND THOUSAND THOUSAND FDS
	    "=5\n",
	    4, NULL, 0 },
	{ "another_symbol_of_3000_characters",
	    "CONFIG_FOO=\"" THOUSAND THOUSAND THOUSAND "\"\n" FDS "=4\n", 4,
	    NULL, 0 },
	{ "long_lines_are_counted_once",
	    "#" THOUSAND THOUSAND THOUSAND "\n" FDS "=x\n", NONE, NULL, 2 },
	{ "a_number_of_1000_digits", FDS "=" THOUSAND "\n", NONE, NULL, 1 },
	{ "no_value", FDS "=\n", NONE, NULL, 1 },
	{ "a_bool", FDS "=y\n", NONE, NULL, 1 },
	{ "a_negative_number", FDS "=-1\n", NONE, NULL, 1 },
	{ "a_sign", FDS "=+1\n", NONE, NULL, 1 },
	{ "a_unit", FDS "=16k\n", NONE, NULL, 1 },
	{ "a_fraction", FDS "=1.5\n", NONE, NULL, 1 },
	{ "a_number_in_quotes", FDS "=\"16\"\n", NONE, NULL, 1 },
	{ "octal", FDS "=010\n", NONE, NULL, 1 },
	{ "two_zeros", FDS "=00\n", NONE, NULL, 1 },
	{ "hexadecimal_with_a_leading_zero", FDS "=0x0a\n", 10, NULL, 0 },
	{ "no_hexadecimal", FDS "=0x\n", NONE, NULL, 1 },
	{ "bad_hexadecimal", FDS "=0xg\n", NONE, NULL, 1 },
	{ "too_large", FDS "=2147483647\n", NONE, NULL, 1 },
	{ "beyond_long", FDS "=99999999999999999999\n", NONE, NULL, 1 },
	{ "a_comment_after_the_value", FDS "=16 # x\n", NONE, NULL, 1 },
	{ "a_blank_before_the_equals_sign", FDS " =16\n", NONE, NULL, 1 },
	{ "a_blank_after_the_equals_sign", FDS "= 16\n", NONE, NULL, 1 },
	{ "a_hostname_with_blanks", NAME " = \"a\"\n", NONE, NULL, 1 },
	{ "a_hostname_without_quotes", NAME "=dev\n", NONE, NULL, 1 },
	{ "a_hostname_with_one_quote", NAME "=\"\n", NONE, NULL, 1 },
	{ "a_hostname_that_does_not_end", NAME "=\"dev\n", NONE, NULL, 1 },
	{ "a_hostname_that_is_too_long", NAME "=\"" SIXTY "abcd\"\n", NONE,
	    NULL, 1 },
	{ "nothing_counts_of_a_bad_file",
	    NAME "=\"a\"\n" FDS "=5\n\n" FDS "=x\n" FDS "=6\n", NONE, NULL, 4 },
};

static void
file_says_so(void **state)
{
	const struct file_case *c = *state;
	char why[512] = "untouched", where[64];

	write_file(c->text, strlen(c->text));
	assert_int_equal(limits_load(path, why, sizeof(why)),
	    c->bad != 0 ? -EINVAL : 0);
	assert_int_equal(limit_get(LIMIT_FDS, NONE), c->fds);
	if (c->hostname != NULL)
		assert_string_equal(limit_hostname(), c->hostname);
	else
		assert_null(limit_hostname());
	if (c->bad == 0) {
		assert_string_equal(why, "untouched");
		return;
	}
	snprintf(where, sizeof(where), "%s:%d: ", path, c->bad);
	assert_memory_equal(why, where, strlen(where));
}

#define BLANK "no blank may stand beside the ="
#define COMMENT "no comment may stand after the value"
#define VALUE \
	"the value is not one that Kconfig writes: a number, or a name in " \
	"quotes"

static void
the_reason_names_what_is_wrong(void **state)
{
	static const struct {
		const char *line, *reason;
	} lines[] = {
		{ FDS " =4", BLANK },
		{ FDS "= 4", BLANK },
		{ FDS "\t=\t4", BLANK },
		{ NAME " = \"a\"", BLANK },
		{ FDS "=4 # four", COMMENT },
		{ FDS "=4# four", COMMENT },
		{ NAME "=\"a\" # b", COMMENT },
		{ NAME "=\"a # b", VALUE },
		{ FDS "=# four", VALUE },
		{ FDS "=four", VALUE },
		{ FDS "=", VALUE },
	};
	char want[256], why[512];

	(void)state;
	for (size_t i = 0; i < LEN(lines); i++) {
		write_file(lines[i].line, strlen(lines[i].line));
		assert_int_equal(limits_load(path, why, sizeof(why)), -EINVAL);
		snprintf(want, sizeof(want), "%s:1: %s", path, lines[i].reason);
		assert_string_equal(why, want);
	}
}

static void
a_null_byte_is_no_text(void **state)
{
	const char text[] = "\n" FDS "=4\0junk\nCONFIG_NET_MAX_CONTEXTS=5\n";
	char where[64], why[512];

	(void)state;
	write_file(text, sizeof(text) - 1);
	assert_int_equal(limits_load(path, why, sizeof(why)), -EINVAL);
	snprintf(where, sizeof(where), "%s:2: the line has a NUL", path);
	assert_memory_equal(why, where, strlen(where));
	assert_int_equal(limit_get(LIMIT_FDS, NONE), NONE);
	assert_int_equal(limit_get(LIMIT_CONTEXTS, NONE), NONE);
}

static void
a_second_file_adds_to_the_first(void **state)
{
	const char first[] = FDS "=4\nCONFIG_NET_MAX_CONTEXTS=5\n";
	const char second[] = FDS "=6\n";
	char why[512];

	(void)state;
	write_file(first, strlen(first));
	assert_int_equal(limits_load(path, why, sizeof(why)), 0);
	write_file(second, strlen(second));
	assert_int_equal(limits_load(path, why, sizeof(why)), 0);
	assert_int_equal(limit_get(LIMIT_FDS, NONE), 6);
	assert_int_equal(limit_get(LIMIT_CONTEXTS, NONE), 5);
}

static void
a_file_that_cannot_be_read_is_named(void **state)
{
	char why[512];

	(void)state;
	assert_int_equal(limits_load("/nonexistent/prj.conf", why, sizeof(why)),
	    -ENOENT);
	assert_non_null(strstr(why, "/nonexistent/prj.conf"));
	assert_non_null(strstr(why, strerror(ENOENT)));
	assert_int_equal(limits_load("/", why, sizeof(why)), -EISDIR);
	assert_non_null(strstr(why, strerror(EISDIR)));
	if (geteuid() == 0)
		return; /* who may read everything is refused nothing */
	assert_int_equal(chmod(path, 0), 0);
	assert_int_equal(limits_load(path, why, sizeof(why)), -EACCES);
	assert_int_equal(chmod(path, 0600), 0);
}

static void
a_long_path_is_cut_in_the_reason(void **state)
{
	char why[16];

	(void)state;
	memset(why, '#', sizeof(why));
	assert_int_equal(limits_load("/nonexistent/prj.conf", why, sizeof(why)),
	    -ENOENT);
	assert_string_equal(why, "/nonexistent/pr");
}

static const struct set_case {
	const char *name;
	const char *symbol;
	int value, want, now;
} sets[] = {
	{ "set_0", FDS, 0, 0, 0 },
	{ "set_no_limit", FDS, -1, 0, NONE },
	{ "set_the_largest", FDS, INT_MAX - 1, 0, INT_MAX - 1 },
	{ "set_too_large", FDS, INT_MAX, -EINVAL, 9 },
	{ "set_negative", FDS, -2, -EINVAL, 9 },
	{ "set_unknown", "CONFIG_FOO", 1, -ENOENT, 9 },
	{ "set_without_its_prefix", "ZVFS_OPEN_MAX", 1, -ENOENT, 9 },
	{ "set_empty", "", 1, -ENOENT, 9 },
	{ "set_hostname", NAME, 1, -ENOENT, 9 },
};

static void
set_answers(void **state)
{
	const struct set_case *c = *state;

	assert_int_equal(limits_set(FDS, 9), 0);
	assert_int_equal(limits_set(c->symbol, c->value), c->want);
	assert_int_equal(limit_get(LIMIT_FDS, NONE), c->now);
}

static void
what_is_taken_is_counted(void **state)
{
	(void)state;
	capture_start();
	assert_int_equal(limits_set("CONFIG_NET_MAX_CONTEXTS", 2), 0);
	assert_true(limit_take(LIMIT_CONTEXTS, "socket"));
	assert_true(limit_take(LIMIT_CONTEXTS, "socket"));
	assert_string_equal(capture_text(), "");
	assert_false(limit_take(LIMIT_CONTEXTS, "socket"));
	assert_string_equal(capture_text(),
	    "zsock: warn: socket: CONFIG_NET_MAX_CONTEXTS=2 does not allow it; "
	    "raise that symbol\n");
	limit_give(LIMIT_CONTEXTS);
	assert_true(limit_take(LIMIT_CONTEXTS, "socket"));
	limits_clear(); /* what was taken stays counted */
	assert_true(limit_take(LIMIT_CONTEXTS, "socket"));
	assert_int_equal(limits_set("CONFIG_NET_MAX_CONTEXTS", 3), 0);
	assert_false(limit_take(LIMIT_CONTEXTS, "socket"));
	for (int i = 0; i < 3; i++)
		limit_give(LIMIT_CONTEXTS);
	capture_stop();
}

/* How a child ends that asks for the environment's file. */
static int
status_with(const char *file, char *said, size_t size)
{
	int fds[2], status;
	ssize_t n;
	pid_t child;

	assert_int_equal(pipe(fds), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		(void)dup2(fds[1], STDERR_FILENO);
		setenv("ZSOCK_LIMITS", file, 1);
		config_reload();
		errno = EXDEV;
		limits_from_environment();
		limits_from_environment();
		_exit(errno == EXDEV ? limit_get(LIMIT_FDS, 0) : 1);
	}
	close(fds[1]);
	n = read(fds[0], said, size - 1);
	assert_true(n >= 0);
	said[n] = '\0';
	close(fds[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
the_environments_file_takes_effect_or_ends_the_program(void **state)
{
	char said[1024], want[128];

	(void)state;
	write_file(FDS "=33\n", strlen(FDS "=33\n"));
	assert_int_equal(status_with(path, said, sizeof(said)), 33);
	assert_string_equal(said, "");
	assert_int_equal(status_with("", said, sizeof(said)), 0);
	assert_string_equal(said, "");
	write_file("\n" FDS "=y\n", strlen("\n" FDS "=y\n"));
	assert_int_equal(status_with(path, said, sizeof(said)), 78);
	snprintf(want, sizeof(want), "ZSOCK_LIMITS: %s:2: ", path);
	assert_non_null(strstr(said, want));
	assert_int_equal(status_with("/nonexistent", said, sizeof(said)), 78);
	assert_non_null(strstr(said, "/nonexistent cannot be read"));
}

int
main(void)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test_setup(every_limit_has_a_symbol_here, setup),
		cmocka_unit_test_setup(the_reason_names_what_is_wrong, setup),
		cmocka_unit_test_setup(a_null_byte_is_no_text, setup),
		cmocka_unit_test_setup(a_second_file_adds_to_the_first, setup),
		cmocka_unit_test_setup(a_file_that_cannot_be_read_is_named,
		    setup),
		cmocka_unit_test_setup(a_long_path_is_cut_in_the_reason, setup),
		cmocka_unit_test_setup(what_is_taken_is_counted, setup),
		cmocka_unit_test_setup(
		    the_environments_file_takes_effect_or_ends_the_program,
		    setup),
	};
	struct CMUnitTest
	    tests[LEN(symbols) + LEN(files) + LEN(sets) + LEN(others)];
	size_t n = 0;

	for (size_t i = 0; i < LEN(symbols); i++) {
		tests[n++] = (struct CMUnitTest){ .name = symbols[i].name,
			.test_func = symbol_sets_its_limit_and_no_other,
			.setup_func = setup,
			.initial_state = (void *)&symbols[i] };
	}
	for (size_t i = 0; i < LEN(files); i++) {
		tests[n++] = (struct CMUnitTest){ .name = files[i].name,
			.test_func = file_says_so,
			.setup_func = setup,
			.initial_state = (void *)&files[i] };
	}
	for (size_t i = 0; i < LEN(sets); i++) {
		tests[n++] = (struct CMUnitTest){ .name = sets[i].name,
			.test_func = set_answers,
			.setup_func = setup,
			.initial_state = (void *)&sets[i] };
	}
	memcpy(&tests[n], others, sizeof(others));
	return cmocka_run_group_tests_name("base/limits", tests, group_setup,
	    group_teardown);
}
