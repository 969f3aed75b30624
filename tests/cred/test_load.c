#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/config.h"
#include "base/limits.h"
#include "cred/load.h"
#include "sock/sock.h"

#define TOP "zsock-credentials 1\nTest-Only: yes\n"
#define PSK(tag, value) "Sec-Tag: " tag "\nType: PSK\nText: " value "\n"
#define ID(tag, value) "Sec-Tag: " tag "\nType: PSK_ID\nText: " value "\n"

static char dir[64]; /* the working directory of all tests */
static char self[4096];

static void
write_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	assert_non_null(f);
	assert_int_equal(fchmod(fileno(f), 0600), 0);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int
group_setup(void **state)
{
	(void)state;
	strcpy(dir, "/tmp/zsock-test-load-XXXXXX");
	if (mkdtemp(dir) == NULL || chdir(dir) != 0)
		return -1;
	write_file("a", TOP PSK("1", "one") ID("1", "me"));
	write_file("b", TOP "# note\n" PSK("2", "two"));
	write_file("again", TOP PSK("3", "x") "\n" PSK("1", "other"));
	write_file("decree", TOP "Mode: override\n" PSK("4", "four"));
	write_file("redacted",
	    TOP PSK("5", "five") "Sec-Tag: 6\nType: PK\nRedacted: yes\n");
	write_file("bad", TOP PSK("5", "five") "Sec-Tag: six\n");
	write_file("none", "zsock-credentials 1\n");
	write_file("limits", "CONFIG_TLS_MAX_CREDENTIALS_NUMBER=2\n");
	if (mkdir("d", 0700) != 0)
		return -1;
	write_file("d/7-psk.txt", "seven");
	write_file("d/1-psk.txt", "one");
	if (mkdir("e", 0700) != 0)
		return -1;
	write_file("e/8-psk.txt", "eight");
	return 0;
}

static int
group_teardown(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command);
}

/* What the store holds, "tag,type=value;". */
static const char *
held(void)
{
	static char text[1024];
	struct cred_set *set;
	uint64_t generation;
	size_t len = 0;

	if (store_list(&set, &generation) != 0)
		return "no memory";
	text[0] = '\0';
	for (size_t i = 0; i < set->n; i++) {
		const struct cred *c = set->creds[i];

		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    "%d,%d=%.*s;", c->tag, c->type, (int)c->len,
		    (const char *)c->data);
	}
	store_set_put(set);
	return text;
}

static int
setup(void **state)
{
	(void)state;
	for (int tag = 0; tag < 10; tag++) {
		(void)store_delete(tag, CRED_PSK);
		(void)store_delete(tag, CRED_PSK_ID);
	}
	limits_clear();
	return strcmp(held(), "") == 0 ? 0 : -1;
}

/* One bundle and one call. */
static const struct call_case {
	const char *name;
	const char *path; /* or NULL, and then */
	const char *text;
	bool replace, override;
	int limit; /* 0: none */
	int want;
	int line;
	const char *held; /* with 9,4=there; before */
	const char *why;  /* a part of it, "" without an error */
} calls[] = {
	{ "a_file_is_loaded", "a", NULL, false, false, 0, 0, 0,
	    "1,4=one;1,5=me;9,4=there;", "" },
	{ "a_directory_is_loaded", "d", NULL, false, false, 0, 0, 0,
	    "1,4=one;7,4=seven;9,4=there;", "" },
	{ "a_text_is_loaded", NULL, TOP PSK("1", "x"), false, false, 0, 0, 0,
	    "1,4=x;9,4=there;", "" },
	{ "a_bundle_of_nothing_is_one", "none", NULL, false, false, 0, 0, 0,
	    "9,4=there;", "" },
	{ "what_is_held_is_eexist", NULL, TOP PSK("1", "x") PSK("9", "y"),
	    false, false, 0, -EEXIST, 6, "9,4=there;",
	    "sec_tag 9 has a PSK in the store already" },
	{ "what_is_held_may_be_replaced", NULL, TOP PSK("1", "x") PSK("9", "y"),
	    true, false, 0, 0, 0, "1,4=x;9,4=y;", "" },
	{ "a_bad_text_is_einval_and_its_line", NULL, TOP "Sec-Tag: -1\n", false,
	    false, 0, -EINVAL, 3, "9,4=there;", "Sec-Tag" },
	{ "a_text_of_nothing_is_einval", NULL, "", false, false, 0, -EINVAL, 1,
	    "9,4=there;", "" },
	{ "a_bad_file_is_einval_and_its_line", "bad", NULL, false, false, 0,
	    -EINVAL, 6, "9,4=there;", "bad:6: " },
	{ "what_was_left_out_is_einval", "redacted", NULL, false, false, 0,
	    -EINVAL, 6, "9,4=there;",
	    "redacted:6: the value of sec_tag 6, PK, was left out" },
	{ "no_file_is_enoent", "nowhere", NULL, false, false, 0, -ENOENT, 0,
	    "9,4=there;", "nowhere: " },
	{ "more_than_the_limit_is_enomem", "a", NULL, false, false, 2, -ENOMEM,
	    6, "9,4=there;",
	    "a:6: CONFIG_TLS_MAX_CREDENTIALS_NUMBER=2 has no room" },
	{ "as_many_as_the_limit", "a", NULL, false, false, 3, 0, 0,
	    "1,4=one;1,5=me;9,4=there;", "" },
};

static void
bundle_is_loaded(void **state)
{
	const struct call_case *c = *state;
	const struct load_how how = { .replace = c->replace,
		.override = c->override };
	struct load_error e = { .line = 0 };

	assert_int_equal(store_add(9, CRED_PSK, "there", 5), 0);
	if (c->limit > 0)
		assert_int_equal(limits_set("CONFIG_TLS_MAX_CREDENTIALS_NUMBER",
		                     c->limit),
		    0);
	if (c->path != NULL)
		assert_int_equal(load_file(c->path, &how, &e), c->want);
	else
		assert_int_equal(load_text(c->text, strlen(c->text), &how, &e),
		    c->want);
	assert_string_equal(held(), c->held);
	assert_int_equal(e.line, c->line);
	if (strstr(e.text, c->why) == NULL)
		fail_msg("%s", e.text);
	assert_int_equal(e.text[0] != '\0', c->want != 0);
}

/* A name that is longer than an error is no harm. */
static void
a_long_name_is_cut(void **state)
{
	const struct load_how how = { .replace = false };
	struct load_error e;
	char name[1024];

	(void)state;
	memset(name, '/', sizeof(name));
	strcpy(name + sizeof(name) - 9, "redacted");
	memcpy(name, "./", 2);
	assert_int_equal(load_file(name, &how, &e), -EINVAL);
	assert_true(strlen(e.text) < sizeof(e.text));
	assert_int_equal(e.line, 6);
}

/* What a new process does with its environment. */
static const struct env_case {
	const char *name;
	const char *list, *errors, *limits;
	int status;
	const char *held;
	const char *said; /* all of stderr, but if it ends in "..." */
} envs[] = {
	{ "no_variable_no_credentials", NULL, NULL, NULL, 0, "", "" },
	{ "an_empty_variable_is_none", "", NULL, NULL, 0, "", "" },
	{ "one_bundle", "a", NULL, NULL, 0, "1,4=one;1,5=me;", "" },
	{ "several_bundles_are_one", "b:e:a", NULL, NULL, 0,
	    "1,4=one;1,5=me;2,4=two;8,4=eight;", "" },
	{ "errors_may_be_exit", "a", "exit", NULL, 0, "1,4=one;1,5=me;", "" },
	{ "errors_may_be_empty", "a", "", NULL, 0, "1,4=one;1,5=me;", "" },
	{ "errors_of_no_error", "a", "warn", NULL, 0, "1,4=one;1,5=me;", "" },
	{ "errors_are_exit_or_warn", "a", "ignore", NULL, 78, "",
	    "zsock: error: ZSOCK_CREDENTIALS_ERRORS: it is exit or warn\n" },
	/* T23 */
	{ "one_bad_bundle_ends_the_program", "a:bad:b", NULL, NULL, 78, "",
	    "zsock: error: ZSOCK_CREDENTIALS: bad:6: ..." },
	{ "one_bad_bundle_and_none_is_used", "a:bad:b", "warn", NULL, 0, "",
	    "zsock: warn: ZSOCK_CREDENTIALS: bad:6: ..." },
	{ "no_file_ends_the_program", "a:nowhere", "exit", NULL, 78, "",
	    "zsock: error: ZSOCK_CREDENTIALS: nowhere: ..." },
	{ "what_was_left_out_ends_the_program", "redacted", NULL, NULL, 78, "",
	    "zsock: error: ZSOCK_CREDENTIALS: redacted:6: the value of sec_tag "
	    "6, PK, was left out; a bundle that is loaded has all values\n" },
	/* T24 */
	{ "the_same_pair_twice_ends_the_program", "a:b:again", NULL, NULL, 78,
	    "",
	    "zsock: error: ZSOCK_CREDENTIALS: again:7: sec_tag 1 has a PSK "
	    "already, in a, line 3\n" },
	{ "the_same_pair_twice_and_none_is_used", "a:b:again", "warn", NULL, 0,
	    "",
	    "zsock: warn: ZSOCK_CREDENTIALS: again:7: sec_tag 1 has a PSK "
	    "already, in a, line 3; none of its credentials are used\n" },
	{ "the_same_pair_twice_in_a_directory", "d:a", NULL, NULL, 78, "",
	    "zsock: error: ZSOCK_CREDENTIALS: a:3: sec_tag 1 has a PSK "
	    "already, in d\n" },
	{ "an_empty_name_ends_the_program", "a::b", NULL, NULL, 78, "",
	    "zsock: error: ZSOCK_CREDENTIALS: name 2 of 3 is empty; one colon "
	    "separates the names of bundles\n" },
	{ "the_limits_are_known_before", "a:b", NULL, "limits", 78, "",
	    "zsock: error: ZSOCK_CREDENTIALS: b:4: "
	    "CONFIG_TLS_MAX_CREDENTIALS_NUMBER=2 has no room for this one; "
	    "raise that symbol\n" },
};

static void
set_variable(const char *name, const char *value)
{
	if (value != NULL ? setenv(name, value, 1) != 0 : unsetenv(name) != 0)
		_exit(90);
}

/* A new process, for the library reads its environment once and early. */
_Noreturn static void
become(const struct env_case *c)
{
	const int fd = open("said", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	char number[12];

	if (fd < 0 || dup2(fd, STDERR_FILENO) < 0)
		_exit(91);
	set_variable("ZSOCK_CREDENTIALS", c->list);
	set_variable("ZSOCK_CREDENTIALS_ERRORS", c->errors);
	set_variable("ZSOCK_LIMITS", c->limits);
	set_variable("ZSOCK_LOG", "warn");
	snprintf(number, sizeof(number), "%d", (int)(c - envs));
	execl(self, self, number, (char *)NULL);
	_exit(92);
}

/* What that process does in main; its exit status. */
static int
look(const struct env_case *c)
{
	if (strcmp(held(), c->held) != 0)
		return 93; /* it is there before main */
	errno = EXDEV;
	load_ready();
	load_ready(); /* once is all */
	if (errno != EXDEV)
		return 94;
	return strcmp(held(), c->held) == 0 ? 0 : 95;
}

static const char *
read_said(void)
{
	static char text[1024];
	FILE *f = fopen("said", "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	assert_int_equal(fclose(f), 0);
	return text;
}

static void
environment_is_loaded(void **state)
{
	const struct env_case *c = *state;
	const size_t len = strlen(c->said);
	const bool part = len > 3 && strcmp(c->said + len - 3, "...") == 0;
	const char *said, *end;
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0)
		become(c);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), c->status);
	said = read_said();
	if (part ? strncmp(said, c->said, len - 3) != 0
	         : strcmp(said, c->said) != 0)
		fail_msg("%s", said);
	/* One line, if any. */
	end = strchr(said, '\n');
	assert_true(end == NULL ? *said == '\0' : end[1] == '\0');
}

/* T25: the mode of each bundle is that of its own pairs. */
static void
each_bundle_has_its_mode(void **state)
{
	const struct load_how how = { .replace = false },
	                      all = { .override = true };
	struct load_error e;

	(void)state;
	assert_int_equal(load_file("b", &how, &e), 0);
	assert_int_equal(load_file("decree", &how, &e), 0);
	assert_int_equal(load_file("e", &all, &e), 0);
	assert_int_equal(store_add(2, CRED_PSK, "x", 1), -EEXIST);
	assert_int_equal(store_add(4, CRED_PSK, "x", 1), 0);
	assert_int_equal(store_add(8, CRED_PSK, "x", 1), 0);
	assert_string_equal(held(), "2,4=two;4,4=four;8,4=eight;");
}

/* Whoever has set it in main, or in a constructor, has set it in time. */
static void
a_variable_that_the_program_sets_counts_at_the_first_call(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		set_variable("ZSOCK_CREDENTIALS", "b");
		config_reload();
		if (strcmp(held(), "") != 0)
			_exit(91);
		load_ready();
		_exit(strcmp(held(), "2,4=two;") == 0 ? 0 : 92);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static int stored[2], forked[2];

/* In the thread that loads: gives the other time to fork, if it can. */
static void
when_stored(int tag, int type)
{
	struct pollfd p = { forked[0], POLLIN, 0 };

	(void)tag;
	(void)type;
	if (write(stored[1], "", 1) != 1)
		_exit(93);
	(void)poll(&p, 1, 300);
}

static void *
load(void *arg)
{
	load_ready();
	return arg;
}

/* In a process of its own: its child loads nothing a second time. */
static int
fork_while_another_loads(void)
{
	pthread_t thread;
	int status = -1;
	pid_t child;
	char byte;

	set_variable("ZSOCK_CREDENTIALS", "b");
	config_reload();
	store_watch(when_stored);
	if (pipe(stored) == -1 || pipe(forked) == -1 ||
	    pthread_create(&thread, NULL, load, NULL) != 0 ||
	    read(stored[0], &byte, 1) != 1)
		return 91;
	child = fork();
	if (child == 0) {
		load_ready(); /* 78 if it does */
		_exit(strcmp(held(), "2,4=two;") == 0 ? 0 : 92);
	}
	if (atomic_load(&sock_forks) == 0)
		return 96; /* the library has not seen it */
	if (write(forked[1], "", 1) != 1 ||
	    waitpid(child, &status, 0) != child ||
	    pthread_join(thread, NULL) != 0)
		return 94;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 95;
}

static void
a_fork_while_another_thread_loads_does_not_load_again(void **state)
{
	pid_t child = fork();
	int status;

	(void)state;
	assert_true(child >= 0);
	if (child == 0)
		_exit(fork_while_another_loads());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest others[] = {
		cmocka_unit_test(a_long_name_is_cut),
		cmocka_unit_test(
		    a_variable_that_the_program_sets_counts_at_the_first_call),
		cmocka_unit_test(
		    a_fork_while_another_thread_loads_does_not_load_again),
		/* The last, for a decree stays. */
		cmocka_unit_test(each_bundle_has_its_mode),
	};
	struct CMUnitTest tests[LEN(calls) + LEN(envs) + LEN(others)];
	size_t n;

	if (argc == 2)
		return look(&envs[atoi(argv[1])]);
	if (realpath(argv[0], self) == NULL)
		return 1;
	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	n = test_rows(tests, bundle_is_loaded, calls, LEN(calls),
	    sizeof(calls[0]));
	n += test_rows(tests + n, environment_is_loaded, envs, LEN(envs),
	    sizeof(envs[0]));
	memcpy(tests + n, others, sizeof(others));
	for (size_t i = 0; i < LEN(tests); i++)
		tests[i].setup_func = setup;
	return cmocka_run_group_tests_name("cred/load", tests, group_setup,
	    group_teardown);
}
