/* Bundles in files: which are read, which are refused, and what is said. */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cred/bundle_file.h"
#include "cred/store.h"
#include "support/scratch.h"

#define TOP "zsock-credentials 1\n"
#define TEST_TOP TOP "Test-Only: yes\n"
#define CA "Sec-Tag: 1\nType: CA\nText: a\n"
#define PK "Sec-Tag: 2\nType: PK\nText: a\n"
#define PSK "Sec-Tag: 2\nType: PSK\nHex: 00\n"
#define HIDDEN_PK "Sec-Tag: 2\nType: SERV\nText: -----END PRIVATE KEY-----\n"
#define REDACTED "Sec-Tag: 2\nType: PK\nRedacted: yes\n"

/* Numbers of nobody in particular. */
#define SOMEBODY 54321
#define OTHER 12345

static void
read_fails(const char *path, int rc, const char *said)
{
	struct bundle_file f = { .len = 77 };
	struct bundle_file_error e;

	assert_int_equal(bundle_file_read(path, &f, &e), rc);
	assert_int_equal(f.len, 77);
	assert_null(f.text);
	if (strstr(e.text, said) == NULL)
		fail_msg("no \"%s\" in: %s", said, e.text);
	if (strncmp(e.text, path, strlen(path)) != 0)
		fail_msg("no path before: %s", e.text);
}

static void
read_works(const char *path, size_t n)
{
	struct bundle_file_error e;
	struct bundle_file f;

	if (bundle_file_read(path, &f, &e) != 0)
		fail_msg("%s", e.text);
	assert_int_equal(f.bundle.n, n);
	bundle_file_fini(&f);
}

/* A text and the mode of its file; said is NULL if it is read. */
static const struct mode_case {
	const char *name;
	const char *text;
	mode_t mode;
	const char *said;
} modes[] = {
	{ "public_values_may_be_read_by_all", TOP CA, 0644, NULL },
	{ "keys_of_the_user_alone", TOP PK, 0600, NULL },
	{ "keys_that_cannot_be_written", TOP PK, 0400, NULL },
	{ "T17_keys_that_all_can_read", TOP PK, 0644,
	    "(mode 0644): chmod 600 a.zcred, or \"Test-Only: yes\" in its "
	    "head" },
	{ "T17_pre_shared_keys_that_all_can_read", TOP CA PSK, 0604,
	    "chmod 600 a.zcred" },
	{ "T17_keys_that_a_group_can_read", TOP PK, 0640, "chmod 600 a.zcred" },
	{ "T17_a_key_in_a_public_value_that_all_can_read", TOP HIDDEN_PK, 0644,
	    "chmod 600 a.zcred" },
	{ "T17_a_key_in_a_public_value_for_tests", TEST_TOP HIDDEN_PK, 0644,
	    NULL },
	{ "T17_keys_for_tests_that_all_can_read", TEST_TOP PK, 0644, NULL },
	{ "keys_left_out_that_all_can_read", TOP REDACTED, 0644, NULL },
	{ "T17_what_all_can_write", TOP CA, 0666, "chmod go-w a.zcred" },
	{ "T17_what_all_can_write_for_tests", TEST_TOP CA, 0666,
	    "every user can change it (mode 0666)" },
	{ "T17_what_others_can_write_and_not_read", TEST_TOP CA, 0602,
	    "every user can change it" },
};

static void
mode_is_judged(void **state)
{
	const struct mode_case *c = *state;

	scratch_text("a.zcred", c->text, c->mode);
	if (c->said == NULL)
		read_works("a.zcred", 1);
	else
		read_fails("a.zcred", -EPERM, c->said);
}

/* Who reads, in which group, whose file it is, and of which group. */
static const struct owner_case {
	const char *name;
	uid_t me;
	gid_t mine;
	uid_t owner;
	gid_t group;
	mode_t mode;
	const char *said;
} owners[] = {
	{ "a_file_of_my_own", SOMEBODY, SOMEBODY, SOMEBODY, OTHER, 0600, NULL },
	{ "a_file_of_root", SOMEBODY, SOMEBODY, 0, 0, 0644, NULL },
	{ "T17_a_file_of_another", SOMEBODY, SOMEBODY, OTHER, SOMEBODY, 0644,
	    "its owner is user 12345" },
	{ "T17_a_file_of_another_for_root", 0, 0, OTHER, 0, 0600,
	    "its owner is user 12345" },
	{ "what_my_own_group_can_write", SOMEBODY, SOMEBODY, SOMEBODY, SOMEBODY,
	    0664, NULL },
	{ "what_my_own_group_can_write_of_root", SOMEBODY, SOMEBODY, 0,
	    SOMEBODY, 0664, NULL },
	{ "what_the_group_of_root_can_write_for_root", 0, 0, 0, 0, 0664, NULL },
	{ "T17_what_a_group_can_write", SOMEBODY, SOMEBODY, SOMEBODY, OTHER,
	    0664,
	    "users of group 12345 can change it (mode 0664): chmod g-w "
	    "a.zcred" },
	{ "T17_what_a_group_of_mine_can_write", SOMEBODY, OTHER, SOMEBODY,
	    OTHER, 0664, "users of group 12345" },
	{ "T17_what_a_group_of_my_number_can_write", SOMEBODY, OTHER, SOMEBODY,
	    SOMEBODY, 0664, "users of group 54321" },
	{ "T17_what_the_group_of_root_can_write", SOMEBODY, SOMEBODY, 0, 0,
	    0664, "users of group 0" },
};

static void
owner_is_judged(void **state)
{
	const struct owner_case *c = *state;

	if (geteuid() != 0) {
		print_message("skipped: only root gives files away\n");
		skip();
	}
	scratch_text("a.zcred", TOP CA, 0600);
	assert_int_equal(chown("a.zcred", c->owner, c->group), 0);
	assert_int_equal(chmod("a.zcred", c->mode), 0);
	assert_int_equal(chmod(".", 0755), 0);
	assert_int_equal(setegid(c->mine), 0);
	assert_int_equal(seteuid(c->me), 0);
	if (c->said == NULL)
		read_works("a.zcred", 1);
	else
		read_fails("a.zcred", -EPERM, c->said);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(setegid(0), 0);
}

static void
the_example_is_read(void **state)
{
	struct bundle_file_error e;
	struct bundle_file f;
	char *text;
	size_t len;

	(void)state;
	text = scratch_example(&len);
	scratch_write("a.zcred", text, len, 0640);
	assert_int_equal(symlink("a.zcred", "link"), 0);
	assert_int_equal(bundle_file_read("link", &f, &e), 0);
	assert_false(f.dir);
	assert_int_equal(f.mode, 0640);
	assert_int_equal(f.len, len);
	assert_memory_equal(f.text, text, len);
	assert_int_equal(f.bundle.n, 5);
	assert_true(f.bundle.test_only);
	assert_int_equal(f.bundle.sections[4].type, CRED_PSK_ID);
	bundle_file_fini(&f);
	free(text);
}

/* T12: what is no bundle at all. */
static void
what_is_no_bundle_is_refused(void **state)
{
	static const char png[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR";
	static unsigned char random[1 << 20];
	char *text;
	size_t len;

	(void)state;
	scratch_text("empty", "", 0600);
	read_fails("empty", -EINVAL, "empty:1: no bundle");
	scratch_text("two", "zsock-credentials 2\n", 0600);
	read_fails("two", -EINVAL, "two:1: this version");
	scratch_write("png", png, sizeof(png), 0600);
	read_fails("png", -EINVAL, "png:1: no bundle");
	for (size_t i = 0; i < sizeof(random); i++)
		random[i] = (unsigned char)(i * i >> 3);
	scratch_write("random", random, sizeof(random), 0600);
	read_fails("random", -EINVAL, "random:1: no bundle");
	text = scratch_example(&len);
	scratch_text("behead", strchr(text, '\n') + 1, 0600);
	read_fails("behead", -EINVAL, "behead:1: no bundle");
	free(text);
	scratch_text("late", TOP "\n\nSec-Tag: x\n", 0600);
	read_fails("late", -EINVAL, "late:4: \"Sec-Tag\" is a number");
}

static char *
fill(const char *top, const char *line, size_t len)
{
	const size_t head = strlen(top), n = strlen(line);
	char *text = malloc(len);

	assert_non_null(text);
	memcpy(text, top, head);
	for (size_t i = head; i < len; i++)
		text[i] = line[(i - head) % n];
	return text;
}

/* T13: as much as may be is read, and more is refused. */
static void
limits_are_kept(void **state)
{
	static char sections[64 * (BUNDLE_SECTIONS_MAX + 1)] = TOP;
	size_t len = strlen(TOP);
	char *text;

	(void)state;
	text = fill(TOP, "\n", BUNDLE_SIZE_MAX + 1);
	scratch_write("full", text, BUNDLE_SIZE_MAX, 0600);
	read_works("full", 0);
	scratch_write("over", text, BUNDLE_SIZE_MAX + 1, 0600);
	read_fails("over", -EFBIG, "more than 4194304 bytes");
	free(text);
	text = fill(TOP "Sec-Tag: 1\nType: CA\n", "-----BEGIN A-----\n",
	    BUNDLE_SIZE_MAX);
	scratch_write("begin", text, BUNDLE_SIZE_MAX, 0600);
	read_fails("begin", -EINVAL, "no END line");
	free(text);
	for (int i = 0; i < BUNDLE_SECTIONS_MAX; i++)
		len += (size_t)sprintf(sections + len,
		    "Sec-Tag: %d\nType: CA\nText: a\n", i);
	scratch_text("many", sections, 0600);
	read_works("many", BUNDLE_SECTIONS_MAX);
	strcpy(sections + len, "Sec-Tag: 1024\nType: CA\nText: a\n");
	scratch_text("more", sections, 0600);
	read_fails("more", -EFBIG, "more than 1024 sections");
}

/* T14: what is no file is not waited for. */
static void
what_is_no_file_is_refused(void **state)
{
	struct sockaddr_un addr = { AF_UNIX, "socket" };
	const int sock = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	read_fails("fifo", -EINVAL, "neither a file nor a directory");
	read_fails("/dev/zero", -EINVAL, "read from standard input");
	assert_int_equal(bind(sock, (struct sockaddr *)&addr, sizeof(addr)), 0);
	read_fails("socket", -EINVAL, "neither a file nor a directory");
	close(sock);
	read_fails("none", -ENOENT, "none: No such file");
	read_fails("", -ENOENT, "");
	assert_int_equal(symlink("loop", "loop"), 0);
	read_fails("loop", -ELOOP, "loop: ");
}

static void
what_may_not_be_opened_is_told(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: only root becomes somebody else\n");
		skip();
	}
	scratch_text("a.zcred", TOP CA, 0600);
	assert_int_equal(chmod(".", 0755), 0);
	assert_int_equal(seteuid(SOMEBODY), 0);
	read_fails("a.zcred", -EACCES, "a.zcred: Permission denied");
	assert_int_equal(seteuid(0), 0);
}

static void
a_long_path_leaves_room_for_the_reason(void **state)
{
	char path[1000] = "", said[200];
	struct bundle_file_error e;
	struct bundle_file f;

	(void)state;
	for (int i = 0; i < 9; i++) {
		memset(path + strlen(path), 'a' + i, 100);
		path[101 * (i + 1) - 1] = '\0';
		assert_int_equal(mkdir(path, 0700), 0);
		strcat(path, "/");
	}
	strcat(path, "x.zcred");
	scratch_text(path, TOP PK, 0644);
	assert_int_equal(bundle_file_read(path, &f, &e), -EPERM);
	snprintf(said, sizeof(said), "...%s: it has keys",
	    path + strlen(path) - 180);
	assert_memory_equal(e.text, said, strlen(said));
	assert_non_null(strstr(e.text,
	    "\"Test-Only: yes\" in its head if they "
	    "are no secrets"));
}

/* Writes it to a pipe from a process of its own; returns the other end. */
static int
pipe_of(const char *text, size_t len, int flags)
{
	int ends[2];

	assert_int_equal(pipe2(ends, flags), 0);
	if (fork() == 0) {
		fcntl(ends[1], F_SETFL, 0);
		for (size_t i = 0; i < len; i += 50) {
			if (write(ends[1], text + i,
			        len - i < 50 ? len - i : 50) < 0)
				_exit(1);
		}
		_exit(0);
	}
	close(ends[1]);
	return ends[0];
}

static void
pipe_is_read(int flags)
{
	struct bundle_file_error e;
	struct bundle_file f;
	char *text;
	size_t len;
	int fd;

	text = scratch_example(&len);
	fd = pipe_of(text, len, flags);
	if (bundle_file_read_fd(fd, "-", &f, &e) != 0)
		fail_msg("%s", e.text);
	assert_int_equal(f.bundle.n, 5);
	assert_memory_equal(f.text, text, len);
	bundle_file_fini(&f);
	assert_int_equal(fcntl(fd, F_GETFD), 0);
	close(fd);
	wait(NULL);
	free(text);
}

static void
a_pipe_is_read_to_its_end(void **state)
{
	(void)state;
	pipe_is_read(0);
	pipe_is_read(O_NONBLOCK);
}

/* A pipe's mode says nothing; that of a file on standard input does. */
static void
a_descriptor_is_judged_if_it_is_a_file(void **state)
{
	static const char text[] = TOP PK;
	struct bundle_file_error e;
	struct bundle_file f;
	int fd;

	(void)state;
	fd = pipe_of(text, strlen(text), 0);
	assert_int_equal(bundle_file_read_fd(fd, "-", &f, &e), 0);
	bundle_file_fini(&f);
	close(fd);
	wait(NULL);
	scratch_text("a.zcred", text, 0644);
	fd = open("a.zcred", O_RDONLY);
	assert_int_equal(bundle_file_read_fd(fd, "-", &f, &e), -EPERM);
	assert_memory_equal(e.text, "-: it has keys", 14);
	close(fd);
	assert_int_equal(bundle_file_read_fd(fd, "-", &f, &e), -EBADF);
}

static void
a_descriptor_without_an_end_has_one(void **state)
{
	const int fd = open("/dev/zero", O_RDONLY);
	struct bundle_file_error e;
	struct bundle_file f;

	(void)state;
	assert_int_equal(bundle_file_read_fd(fd, "-", &f, &e), -EFBIG);
	assert_string_equal(e.text,
	    "-: more than 4194304 bytes, and a bundle has no more");
	close(fd);
}

static void
cut_for_ever(const char *path)
{
	char *text;
	size_t len;
	int fd;

	text = scratch_example(&len);
	fd = open(path, O_RDWR);
	for (;;) {
		if (pwrite(fd, text, len, 0) < 0 ||
		    ftruncate(fd, (off_t)len / 2) < 0 || ftruncate(fd, 0) < 0)
			_exit(1);
	}
}

/* T15: a file that is cut while it is read is no bundle, or one. */
static void
a_file_that_is_cut_does_no_harm(void **state)
{
	struct bundle_file_error e;
	struct bundle_file f;
	pid_t pid;
	int rc;

	(void)state;
	scratch_text("a.zcred", TOP, 0644);
	pid = fork();
	if (pid == 0)
		cut_for_ever("a.zcred");
	for (int i = 0; i < 5000; i++) {
		rc = bundle_file_read("a.zcred", &f, &e);
		if (rc == 0)
			bundle_file_fini(&f);
		else
			assert_true(rc == -EINVAL || rc == -EPERM);
	}
	assert_int_equal(kill(pid, SIGKILL), 0);
	wait(NULL);
}

#define OF_SCRATCH(f) \
	cmocka_unit_test_setup_teardown(f, scratch_enter, scratch_leave)

int
main(void)
{
	const struct CMUnitTest others[] = {
		OF_SCRATCH(the_example_is_read),
		OF_SCRATCH(what_is_no_bundle_is_refused),
		OF_SCRATCH(limits_are_kept),
		OF_SCRATCH(what_is_no_file_is_refused),
		OF_SCRATCH(what_may_not_be_opened_is_told),
		OF_SCRATCH(a_long_path_leaves_room_for_the_reason),
		OF_SCRATCH(a_pipe_is_read_to_its_end),
		OF_SCRATCH(a_descriptor_is_judged_if_it_is_a_file),
		OF_SCRATCH(a_descriptor_without_an_end_has_one),
		OF_SCRATCH(a_file_that_is_cut_does_no_harm),
	};
	struct CMUnitTest tests[LEN(others) + LEN(modes) + LEN(owners)];
	size_t n = LEN(others);

	memcpy(tests, others, sizeof(others));
	n += test_rows(tests + n, mode_is_judged, modes, LEN(modes),
	    sizeof(modes[0]));
	n += test_rows(tests + n, owner_is_judged, owners, LEN(owners),
	    sizeof(owners[0]));
	for (size_t i = LEN(others); i < n; i++) {
		tests[i].setup_func = scratch_enter;
		tests[i].teardown_func = scratch_leave;
	}
	return cmocka_run_group_tests_name("cred/bundle_file", tests, NULL,
	    NULL);
}
