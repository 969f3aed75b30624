#include "support/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/address.h"
#include "base/config.h"
#include "base/hosts.h"

static int
setup(void **state)
{
	(void)state;
	hosts_clear();
	return 0;
}

static void
add(const char *lines)
{
	char why[256] = "";

	if (hosts_add("test", lines, why, sizeof(why)) != 0)
		fail_msg("%s", why);
}

/* "127.0.0.1:80 ::1:80": what was found, for comparison. */
static const char *
shown(const struct sockaddr_storage *found, int n)
{
	static char text[1024];
	char one[INET6_ADDRSTRLEN];
	struct address a;
	size_t len = 0;

	text[0] = '\0';
	for (int i = 0; i < n; i++) {
		assert_true(address_load((struct sockaddr *)&found[i], &a));
		inet_ntop(a.family, &a.v6, one, sizeof(one));
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "%s%s:%d", i > 0 ? " " : "", one, ntohs(a.port));
	}
	return text;
}

/* What a lookup finds in the table below. */
static const char table[] = "# comment\n"
                            "\n"
                            "   \t\n"
                            "127.0.0.1 plain.test alias.test # and a comment\n"
                            "::1\tplain.test\r\n"
                            "127.0.0.2 plain.test\n"
                            "127.0.0.1 plain.test\n"
                            "[::2] bracketed.test\n"
                            "10.0.0.1 UPPER.Test. under_score-1.test\n"
                            "only.test:8883 -> 127.0.0.1:18883\n"
                            "both.test:8883->127.0.0.1:18884\n"
                            "Both.Test:8883 -> [::1]:18885\n"
                            "both.test:443 -> 127.0.0.1:1443\n"
                            "mixed.test:80 -> 127.0.0.1:8080\n"
                            "10.1.1.1 mixed.test\n"
                            "fd00::1 mixed.test\n"
                            "10.9.9.9:53 -> 127.0.0.1:5353\n"
                            "[fd00::9]:53 -> [::1]:5353\n"
                            "2.test:1 -> 127.0.0.1:2";

#define STANDIN "standin"

static const struct find_case {
	const char *name;
	const char *host;
	int family, port;
	int want; /* how many, or -ENOENT */
	const char *found;
} finds[] = {
	{ "plain_v4", "plain.test", AF_INET, 80, 2,
	    "127.0.0.1:80 127.0.0.2:80" },
	{ "plain_v4_no_port", "plain.test", AF_INET, 0, 2,
	    "127.0.0.1:0 127.0.0.2:0" },
	{ "plain_v6", "plain.test", AF_INET6, 80, 1, "::1:80" },
	{ "alias", "alias.test", AF_INET, 1, 1, "127.0.0.1:1" },
	{ "other_family_only", "alias.test", AF_INET6, 1, 0, "" },
	{ "brackets", "bracketed.test", AF_INET6, 1, 1, "::2:1" },
	{ "any_case", "upPer.tesT", AF_INET, 1, 1, "10.0.0.1:1" },
	{ "final_dot", "plain.test.", AF_INET6, 1, 1, "::1:1" },
	{ "underscore", "under_score-1.test", AF_INET, 1, 1, "10.0.0.1:1" },
	{ "unknown", "unknown.test", AF_INET, 1, -ENOENT, NULL },
	{ "part_of_a_name", "plain", AF_INET, 1, -ENOENT, NULL },
	{ "no_name_at_all", "a b", AF_INET, 1, -ENOENT, NULL },
	{ "empty_name", "", AF_INET, 53, -ENOENT, NULL },
	{ "redirected", "only.test", AF_INET, 8883, 1, "127.0.0.1:18883" },
	{ "redirected_other_port", "only.test", AF_INET, 443, -ENOENT, NULL },
	{ "redirected_other_family", "only.test", AF_INET6, 8883, 0, "" },
	{ "redirected_no_port", "only.test", AF_INET, 0, 1, STANDIN },
	{ "redirected_no_port_v6", "only.test", AF_INET6, 0, 0, "" },
	{ "both_v4", "both.test", AF_INET, 8883, 1, "127.0.0.1:18884" },
	{ "both_v6", "both.test", AF_INET6, 8883, 1, "::1:18885" },
	{ "both_other_port", "both.test", AF_INET, 443, 1, "127.0.0.1:1443" },
	{ "both_no_port_v4", "both.test", AF_INET, 0, 1, STANDIN },
	{ "both_no_port_v6", "both.test", AF_INET6, 0, 1, STANDIN },
	{ "mixed_redirected", "mixed.test", AF_INET, 80, 1, "127.0.0.1:8080" },
	{ "mixed_other_port", "mixed.test", AF_INET, 81, 1, "10.1.1.1:81" },
	{ "mixed_no_port", "mixed.test", AF_INET, 0, 1, STANDIN },
	{ "mixed_v6_no_port", "mixed.test", AF_INET6, 0, 1, STANDIN },
	{ "mixed_v6_port", "mixed.test", AF_INET6, 80, 1, "fd00::1:80" },
};

static bool
is_standin(const struct sockaddr_storage *addr)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)addr;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)addr;

	if (addr->ss_family == AF_INET)
		return (ntohl(in->sin_addr.s_addr) >> 17) == 0xc612 >> 1;
	return memcmp(&in6->sin6_addr, "\xfd\x7asock\0\0\0\0\0\0", 12) == 0;
}

static void
name_is_found(void **state)
{
	const struct find_case *c = *state;
	struct sockaddr_storage found[4];
	const uint16_t port = htons((uint16_t)c->port);

	hosts_clear();
	add(table);
	assert_int_equal(hosts_find(c->host, c->family, port, found, 4),
	    c->want);
	if (c->want < 0)
		return;
	if (strcmp(c->found, STANDIN) == 0)
		assert_true(is_standin(&found[0]));
	else
		assert_string_equal(shown(found, c->want), c->found);
	/* No more than there is room for. */
	assert_int_equal(hosts_find(c->host, c->family, port, found, 1),
	    c->want < 1 ? c->want : 1);
	assert_int_equal(hosts_find(c->host, c->family, port, found, 0), 0);
}

/* Where an address leads: that of a name (looked up without port), or text. */
static const struct redirect_case {
	const char *name;
	const char *from; /* name or address */
	int family, port;
	const char *to; /* NULL: refused */
} redirects[] = {
	{ "standin_v4", "only.test", AF_INET, 8883, "127.0.0.1:18883" },
	{ "standin_other_port", "only.test", AF_INET, 8884, NULL },
	{ "standin_of_two", "both.test", AF_INET, 443, "127.0.0.1:1443" },
	{ "standin_v6", "both.test", AF_INET6, 8883, "::1:18885" },
	{ "standin_v6_other_port", "both.test", AF_INET6, 443, NULL },
	{ "standin_with_address", "mixed.test", AF_INET, 80, "127.0.0.1:8080" },
	{ "standin_address_remains", "mixed.test", AF_INET, 81, "10.1.1.1:81" },
	{ "standin_v6_address", "mixed.test", AF_INET6, 80, "fd00::1:80" },
	{ "address", "10.9.9.9", AF_INET, 53, "127.0.0.1:5353" },
	{ "address_other_port", "10.9.9.9", AF_INET, 54, "10.9.9.9:54" },
	{ "address_v6", "fd00::9", AF_INET6, 53, "::1:5353" },
	{ "address_v6_other_port", "fd00::9", AF_INET6, 54, "fd00::9:54" },
	{ "address_of_nobody", "10.8.8.8", AF_INET, 53, "10.8.8.8:53" },
	{ "address_that_a_name_has", "10.1.1.1", AF_INET, 80, "10.1.1.1:80" },
	{ "standin_of_nobody", "198.19.255.254", AF_INET, 1,
	    "198.19.255.254:1" },
	{ "beyond_the_standins", "198.20.0.1", AF_INET, 1, "198.20.0.1:1" },
	{ "the_range_itself", "198.18.0.0", AF_INET, 53, "198.18.0.0:53" },
	{ "standin_v6_of_nobody", "fd7a:736f:636b::ffff", AF_INET6, 1,
	    "fd7a:736f:636b::ffff:1" },
};

static void
address_leads_somewhere(void **state)
{
	const struct redirect_case *c = *state;
	struct sockaddr_storage addr, before;
	socklen_t len = 0;
	struct address a;

	hosts_clear();
	add(table);
	if (address_parse(c->from, strlen(c->from), false, &a)) {
		(void)address_store(&a, 0, &addr);
	} else {
		assert_int_equal(hosts_find(c->from, c->family, 0, &addr, 1),
		    1);
		assert_true(is_standin(&addr));
	}
	/* The port has the same place in both families. */
	((struct sockaddr_in *)&addr)->sin_port = htons((uint16_t)c->port);
	before = addr;
	if (c->to == NULL) {
		assert_int_equal(hosts_redirect(&addr, &len), -ECONNREFUSED);
		assert_memory_equal(&addr, &before, sizeof(addr));
		return;
	}
	assert_int_equal(hosts_redirect(&addr, &len), 0);
	assert_string_equal(shown(&addr, 1), c->to);
	if (memcmp(&addr, &before, sizeof(addr)) != 0)
		assert_int_equal(len,
		    c->family == AF_INET ? sizeof(struct sockaddr_in)
		                         : sizeof(struct sockaddr_in6));
}

static void
the_last_redirection_counts(void **state)
{
	struct sockaddr_storage found, again;

	(void)state;
	add("a.test:1 -> 127.0.0.1:2\nb.test:1 -> 127.0.0.1:3");
	assert_int_equal(hosts_find("a.test", AF_INET, 0, &found, 1), 1);
	add("A.test:1 -> 127.0.0.9:9");
	assert_int_equal(hosts_find("a.test", AF_INET, 0, &again, 1), 1);
	assert_memory_equal(&found, &again, sizeof(found));
	assert_int_equal(hosts_find("a.test", AF_INET, htons(1), &found, 1), 1);
	assert_string_equal(shown(&found, 1), "127.0.0.9:9");
	assert_int_equal(hosts_find("b.test", AF_INET, 0, &found, 1), 1);
	assert_memory_not_equal(&found, &again, sizeof(found));
}

static void
later_addresses_take_the_place_of_earlier_ones(void **state)
{
	struct sockaddr_storage found[4];

	(void)state;
	add("127.0.0.1 a.test\n::1 a.test\n127.0.0.2 a.test\n127.0.0.3 b.test");
	add("127.0.0.7 a.test\na.test:1 -> 127.0.0.1:2\n127.0.0.8 a.test");
	assert_int_equal(hosts_find("a.test", AF_INET, htons(9), found, 4), 2);
	assert_string_equal(shown(found, 2), "127.0.0.7:9 127.0.0.8:9");
	assert_int_equal(hosts_find("a.test", AF_INET6, htons(9), found, 4), 1);
	assert_string_equal(shown(found, 1), "::1:9");
	assert_int_equal(hosts_find("b.test", AF_INET, 0, found, 4), 1);
	/* What redirects stays. */
	add("127.0.0.9 a.test");
	assert_int_equal(hosts_find("a.test", AF_INET, htons(1), found, 4), 1);
	assert_string_equal(shown(found, 1), "127.0.0.1:2");
}

static void
what_is_cleared_leads_nowhere(void **state)
{
	struct sockaddr_storage standin, addr;
	socklen_t len = sizeof(addr);

	(void)state;
	add("a.test:1 -> 127.0.0.1:2");
	assert_int_equal(hosts_find("a.test", AF_INET, 0, &standin, 1), 1);
	hosts_clear();
	addr = standin;
	assert_int_equal(hosts_redirect(&addr, &len), 0);
	assert_memory_equal(&addr, &standin, sizeof(addr));
	/* And nobody else gets it. */
	add("b.test:1 -> 127.0.0.1:2");
	assert_int_equal(hosts_find("b.test", AF_INET, 0, &addr, 1), 1);
	assert_memory_not_equal(&addr, &standin, sizeof(addr));
}

static void
another_family_is_left_alone(void **state)
{
	struct sockaddr_storage addr = { .ss_family = AF_UNIX };
	socklen_t len = 2;

	(void)state;
	add(table);
	assert_int_equal(hosts_redirect(&addr, &len), 0);
	assert_int_equal(len, 2);
}

static void
a_file_is_read(void **state)
{
	char path[] = "/tmp/zsock-test-hosts-XXXXXX";
	const int fd = mkstemp(path);
	struct sockaddr_storage found[4];
	char why[512], want[64];
	FILE *file = fdopen(fd, "w");

	(void)state;
	assert_non_null(file);
	fputs(table, file);
	fputc('\n', file);
	for (int i = 0; i < 5000; i++) /* a comment longer than any buffer */
		fputs(i == 0 ? "# " : "long", file);
	fputs("\n127.0.0.7 last.test", file); /* without a newline */
	fflush(file);
	assert_int_equal(hosts_load(path, why, sizeof(why)), 0);
	assert_int_equal(hosts_find("plain.test", AF_INET, 0, found, 4), 2);
	assert_int_equal(hosts_find("last.test", AF_INET, 0, found, 4), 1);
	/* One wrong line more. */
	fputs("\nwrong\n", file);
	fflush(file);
	snprintf(want, sizeof(want), "%s:%d: the line does", path, 22);
	assert_int_equal(hosts_load(path, why, sizeof(why)), -EINVAL);
	assert_memory_equal(why, want, strlen(want));
	/* A NUL byte. */
	assert_int_equal(ftruncate(fd, 0), 0);
	rewind(file);
	fwrite("127.0.0.1 a.test\0\n", 1, 18, file);
	fclose(file);
	assert_int_equal(hosts_load(path, why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, ":1: the line has a NUL byte"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(hosts_load(path, why, sizeof(why)), -ENOENT);
	assert_non_null(strstr(why, path));
	assert_int_equal(hosts_load("/", why, sizeof(why)), -EISDIR);
}

/* A program that asks for a file that is not there, or is wrong. */
static int
exit_status(const char *path, char *said, size_t size)
{
	int pipes[2], status;
	ssize_t n;
	pid_t child;

	assert_int_equal(pipe(pipes), 0);
	child = fork();
	if (child == 0) {
		dup2(pipes[1], STDERR_FILENO);
		setenv("ZSOCK_HOSTS", path, 1);
		execl("/proc/self/exe", "test_hosts", "child", (char *)NULL);
		_exit(1);
	}
	close(pipes[1]);
	n = read(pipes[0], said, size - 1);
	said[n > 0 ? n : 0] = '\0';
	close(pipes[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int
child(void)
{
	struct sockaddr_storage addr = { .ss_family = AF_INET };
	socklen_t len = sizeof(addr);

	((struct sockaddr_in *)&addr)->sin_port = htons(53);
	((struct sockaddr_in *)&addr)->sin_addr.s_addr = htonl(0x0a090909);
	if (hosts_redirect(&addr, &len) < 0)
		return 2;
	return strcmp(shown(&addr, 1), "127.0.0.1:5353") == 0 ? 0 : 3;
}

static void
the_environment_names_a_file(void **state)
{
	char path[] = "/tmp/zsock-test-hosts-XXXXXX";
	const int fd = mkstemp(path);
	char said[512];

	(void)state;
	assert_int_equal(write(fd, table, strlen(table)), strlen(table));
	assert_int_equal(exit_status(path, said, sizeof(said)), 0);
	assert_string_equal(said, "");
	assert_int_equal(write(fd, "\nx", 2), 2);
	assert_int_equal(exit_status(path, said, sizeof(said)), 78);
	assert_non_null(strstr(said, "zsock: error: ZSOCK_HOSTS: "));
	assert_non_null(strstr(said, ":20: the line does not begin"));
	close(fd);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(exit_status(path, said, sizeof(said)), 78);
	assert_non_null(strstr(said, "cannot be read"));
}

static void
random_lines_are_harmless(void **state)
{
	static const char *const parts[] = { "127.0.0.1", "[::1]", "::1", ":80",
		"->", " ", "\t", "\n", "#", "a.test", ".", ":", "-", "[", "]",
		">", "\r", "0", "65535", "name" };
	struct sockaddr_storage found;
	unsigned seed = 1;
	int taken = 0;

	(void)state;
	for (int round = 0; round < 50000; round++) {
		char text[128] = "", why[64], *exact;

		for (int i = rand_r(&seed) % 9; i > 0; i--)
			strcat(text, parts[(size_t)rand_r(&seed) % LEN(parts)]);
		exact = strdup(text);
		assert_non_null(exact);
		taken += hosts_add("random", exact, why, sizeof(why)) == 0;
		(void)hosts_find(exact, AF_INET, 0, &found, 1);
		free(exact);
		if (round % 100 == 0)
			hosts_clear();
	}
	assert_true(taken > 1000);
}

static void *
change(void *arg)
{
	for (int i = 0; i < 300; i++) {
		add("x.test:1 -> 127.0.0.1:2\n127.0.0.1 y.test");
		if (i % 10 == 0)
			hosts_clear();
	}
	return arg;
}

static void
threads_may_change_and_ask(void **state)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	pthread_t threads[2];

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, change,
		                     NULL),
		    0);
	for (int i = 0; i < 300; i++) {
		if (hosts_find("x.test", AF_INET, 0, &addr, 1) == 1)
			(void)hosts_redirect(&addr, &len);
	}
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

int
main(int argc, char *argv[])
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test_setup(the_last_redirection_counts, setup),
		cmocka_unit_test_setup(
		    later_addresses_take_the_place_of_earlier_ones, setup),
		cmocka_unit_test_setup(what_is_cleared_leads_nowhere, setup),
		cmocka_unit_test_setup(another_family_is_left_alone, setup),
		cmocka_unit_test_setup(a_file_is_read, setup),
		cmocka_unit_test_setup(the_environment_names_a_file, setup),
		cmocka_unit_test_setup(random_lines_are_harmless, setup),
		cmocka_unit_test_setup(threads_may_change_and_ask, setup),
	};
	struct CMUnitTest tests[LEN(finds) + LEN(redirects) + LEN(others)];
	size_t n = 0;

	(void)argv;
	if (argc > 1)
		return child();
	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	n += test_rows(tests, name_is_found, finds, LEN(finds),
	    sizeof(finds[0]));
	n += test_rows(tests + n, address_leads_somewhere, redirects,
	    LEN(redirects), sizeof(redirects[0]));
	memcpy(&tests[n], others, sizeof(others));
	return cmocka_run_group_tests_name("base/hosts", tests, NULL, NULL);
}
