/* Bundles in files: how they are changed, and that nothing is ever lost. */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cred/bundle_edit.h"
#include "cred/bundle_file.h"
#include "cred/bundle_lock.h"
#include "cred/store.h"
#include "support/scratch.h"

#define TOP "zsock-credentials 1\n"
#define TEST_TOP TOP "Test-Only: yes\n"
#define ABC \
	"Type: PSK_ID\n" \
	"Digest: ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=\nText: abc\n"

/* A text to write, and what was there before. */
struct whole {
	const char *text;
	int rc;
	int calls;
	bool was_there;
};

static int
take_whole(void *arg, const struct bundle_file *old, struct buf *out)
{
	struct whole *w = arg;

	w->calls++;
	w->was_there = old->text != NULL;
	if (w->rc != 0)
		return w->rc;
	buf_text(out, w->text);
	return out->failed ? -ENOMEM : 0;
}

static int
update(const char *path, const char *text, struct bundle_file_error *e)
{
	struct whole w = { .text = text };

	return bundle_file_update(path, take_whole, &w, e);
}

static void
update_works(const char *path, const char *text)
{
	struct bundle_file_error e;

	if (update(path, text, &e) != 0)
		fail_msg("%s", e.text);
	assert_string_equal(e.text, "");
	scratch_has(path, text);
}

static void
update_fails(const char *path, const char *text, int rc, const char *said)
{
	struct bundle_file_error e;

	assert_int_equal(update(path, text, &e), rc);
	if (strstr(e.text, said) == NULL)
		fail_msg("no \"%s\" in: %s", said, e.text);
	assert_memory_equal(e.text, path, strlen(path));
}

/* One more credential, as the tool adds it. */
static int
add_one(void *arg, const struct bundle_file *old, struct buf *out)
{
	const struct cred_op op = { CRED_OP_ADD, *(const int *)arg, CRED_PSK_ID,
		(const unsigned char *)"abc", 3, false };
	const struct bundle_edit e = { old->text, old->len, &old->bundle,
		NULL };
	struct bundle_edited done;
	int rc;

	rc = bundle_edit(&e, &op, 1, &done);
	*out = done.text;
	return rc;
}

static int
add(const char *path, int tag, struct bundle_file_error *e)
{
	return bundle_file_update(path, add_one, &tag, e);
}

/* The mode of a file before and after; 0: it is not there. */
static const struct mode_case {
	const char *name;
	mode_t before;
	const char *text;
	mode_t after;
} modes[] = {
	{ "a_new_file_is_the_user_s_alone", 0, TOP, 0600 },
	{ "a_new_file_for_tests_too", 0, TEST_TOP, 0600 },
	{ "what_all_could_read_is_the_user_s_alone", 0644, TOP, 0600 },
	{ "what_all_could_read_stays_so_for_tests", 0644, TEST_TOP, 0644 },
	{ "what_a_group_could_read_stays_so_for_tests", 0640, TEST_TOP, 0640 },
	{ "what_nobody_could_read_stays_so", 0600, TEST_TOP, 0600 },
	{ "what_could_not_be_written_stays_so", 0400, TOP, 0400 },
	{ "what_could_be_run_cannot", 0755, TEST_TOP, 0644 },
};

static void
mode_is_kept(void **state)
{
	const struct mode_case *c = *state;
	const mode_t mask = umask(0);

	if (c->before != 0)
		scratch_text("a.zcred", TOP "# old\n", c->before);
	update_works("a.zcred", c->text);
	assert_int_equal(scratch_mode("a.zcred"), c->after);
	assert_string_equal(scratch_names("."), "a.zcred ");
	umask(mask);
}

static void
a_change_may_decline(void **state)
{
	struct whole w = { .rc = 1 };
	struct bundle_file_error e;
	struct stat before, after;

	(void)state;
	scratch_text("a.zcred", TOP, 0600);
	assert_int_equal(stat("a.zcred", &before), 0);
	assert_int_equal(bundle_file_update("a.zcred", take_whole, &w, &e), 1);
	assert_true(w.was_there);
	w.rc = -EEXIST;
	assert_int_equal(bundle_file_update("a.zcred", take_whole, &w, &e),
	    -EEXIST);
	assert_string_equal(e.text, "");
	assert_int_equal(stat("a.zcred", &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(bundle_file_update("b.zcred", take_whole, &w, &e),
	    -EEXIST);
	assert_false(w.was_there);
	assert_int_equal(w.calls, 3);
	assert_string_equal(scratch_names("."), "a.zcred ");
}

/* T21: a link stays, and what it leads to is replaced. */
static void
a_link_stays(void **state)
{
	char to[20] = "";

	(void)state;
	assert_int_equal(mkdir("d", 0700), 0);
	assert_int_equal(mkdir("e", 0700), 0);
	scratch_text("d/a.zcred", TOP, 0600);
	assert_int_equal(symlink("../d/a.zcred", "e/one"), 0);
	assert_int_equal(symlink("e/one", "two"), 0);
	update_works("two", TOP "# new\n");
	scratch_has("d/a.zcred", TOP "# new\n");
	assert_int_equal(readlink("two", to, sizeof(to)), 5);
	assert_string_equal(to, "e/one");
	assert_int_equal(readlink("e/one", to, sizeof(to)), 12);
	assert_string_equal(scratch_names("d"), "a.zcred ");
	assert_string_equal(scratch_names("e"), "one ");
	assert_string_equal(scratch_names("."), "d e two ");
}

static void
a_link_to_nothing_makes_it(void **state)
{
	char here[200], to[300];

	(void)state;
	assert_non_null(getcwd(here, sizeof(here)));
	snprintf(to, sizeof(to), "%s/a.zcred", here);
	assert_int_equal(symlink(to, "link"), 0);
	update_works("link", TOP);
	assert_string_equal(scratch_names("."), "a.zcred link ");
	scratch_has("a.zcred", TOP);
}

static void
what_is_refused_is_not_written(void **state)
{
	(void)state;
	scratch_text("a.zcred", TOP, 0666);
	update_fails("a.zcred", TOP "# new\n", -EPERM, "chmod go-w a.zcred");
	scratch_has("a.zcred", TOP);
	scratch_text("b.zcred", TOP "Sec-Tag: 1\nType: PK\nText: a\n", 0644);
	update_fails("b.zcred", TOP, -EPERM, "chmod 600 b.zcred");
	scratch_text("c.zcred", "hello\n", 0600);
	update_fails("c.zcred", TOP, -EINVAL, "c.zcred:1: no bundle");
	scratch_has("c.zcred", "hello\n");
	scratch_text("d.zcred", TOP, 0600);
	update_fails("d.zcred", TOP "\nhello\n", -EINVAL,
	    "the new text is no bundle: line 3: ");
	scratch_has("d.zcred", TOP);
	assert_string_equal(scratch_names("."),
	    "a.zcred b.zcred c.zcred d.zcred ");
}

static void
what_cannot_be_a_file_is_told(void **state)
{
	char name[300];

	(void)state;
	assert_int_equal(mkdir("d", 0700), 0);
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(symlink("loop", "loop"), 0);
	update_fails("d", TOP, -EISDIR, "d: ");
	update_fails("d/", TOP, -EISDIR, "d/: ");
	update_fails("d/..", TOP, -EISDIR, "d/..: ");
	update_fails("new/", TOP, -EISDIR, "new/: ");
	update_fails("fifo", TOP, -EINVAL, "no regular file");
	update_fails("loop", TOP, -ELOOP, "loop: ");
	update_fails("none/a.zcred", TOP, -ENOENT, "none/a.zcred: No such");
	update_fails("", TOP, -ENOENT, "");
	memset(name, 'a', sizeof(name));
	name[256] = '\0';
	assert_int_equal(update(name, TOP, &(struct bundle_file_error){ "" }),
	    -ENAMETOOLONG);
	/* The longest that can be, which leaves a temporary name no room. */
	name[255] = '\0';
	update_works(name, TOP);
	update_works(name, TOP "# a\n");
}

static void
where_nothing_may_be_written_it_is_told(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("skipped: only root becomes somebody else\n");
		skip();
	}
	assert_int_equal(mkdir("d", 0755), 0);
	scratch_text("d/a.zcred", TOP, 0644);
	assert_int_equal(chmod(".", 0755), 0);
	assert_int_equal(seteuid(12345), 0);
	update_fails("d/a.zcred", TOP "# a\n", -EACCES,
	    "it cannot be written, and is as it was: Permission denied");
	update_fails("d/b.zcred", TOP, -EACCES, "Permission denied");
	assert_int_equal(seteuid(0), 0);
	assert_string_equal(scratch_names("d"), "a.zcred ");
}

/* A writer that was killed is dead, and so its lock is gone. */
static void
what_a_killed_writer_left_is_removed(void **state)
{
	int fd;

	(void)state;
	scratch_text("a.zcred", TOP, 0600);
	scratch_text(".a.zcred.zsock-abcdef", "half", 0600);
	scratch_text(".b.zcred.zsock-abcdef", "of another", 0600);
	scratch_text(".a.zcred.zsock-abcdefg", "none of ours", 0600);
	scratch_text(".a.zcred.zsock-lively", "of one that lives", 0600);
	assert_int_equal(symlink("a.zcred", ".a.zcred.zsock-linked"), 0);
	fd = open(".a.zcred.zsock-lively", O_RDWR);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	update_works("a.zcred", TOP "# a\n");
	assert_string_equal(scratch_names("."),
	    ".a.zcred.zsock-abcdefg .a.zcred.zsock-linked "
	    ".a.zcred.zsock-lively .b.zcred.zsock-abcdef a.zcred ");
	close(fd);
	/* Also where there is no file yet. */
	update_works("b.zcred", TOP);
	update_works("a.zcred", TOP);
	assert_string_equal(scratch_names("."),
	    ".a.zcred.zsock-abcdefg .a.zcred.zsock-linked a.zcred b.zcred ");
}

/* In a process of its own; its exit status is 0 if all is as it is to be. */
static void
in_child(int (*run)(void *arg), void *arg)
{
	const pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(run(arg));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static char large[100000] = TOP;

static int
write_too_much(void *arg)
{
	const struct rlimit most = { 5000, 5000 };
	struct bundle_file_error e;

	(void)arg;
	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &most) < 0)
		return 1;
	if (update("a.zcred", large, &e) != -EIO)
		return 2;
	if (strstr(e.text, "is as it was: File too large") == NULL)
		return 3;
	if (update("b.zcred", large, &e) != -EIO)
		return 4;
	return update("c.zcred", TOP, &e) == 0 ? 0 : 5;
}

/* T19: what cannot be written whole is not written at all. */
static void
a_limit_of_size_leaves_the_old(void **state)
{
	(void)state;
	memset(large + strlen(TOP), '\n', sizeof(large) - strlen(TOP) - 1);
	scratch_text("a.zcred", TOP "# old\n", 0600);
	in_child(write_too_much, NULL);
	scratch_has("a.zcred", TOP "# old\n");
	assert_string_equal(scratch_names("."), "a.zcred c.zcred ");
}

/* T19 with a disk that is full. */
static void
a_full_disk_leaves_the_old(void **state)
{
	(void)state;
	memset(large + strlen(TOP), '\n', sizeof(large) - strlen(TOP) - 1);
	assert_int_equal(mkdir("disk", 0700), 0);
	if (mount("tmpfs", "disk", "tmpfs", 0, "size=16k,mode=700") < 0) {
		print_message("skipped: no disk can be mounted: %s\n",
		    strerror(errno));
		skip();
	}
	scratch_text("disk/a.zcred", TOP "# old\n", 0600);
	update_fails("disk/a.zcred", large, -ENOSPC,
	    "is as it was: No space left on device");
	update_fails("disk/b.zcred", large, -ENOSPC, "No space left");
	scratch_has("disk/a.zcred", TOP "# old\n");
	assert_string_equal(scratch_names("disk"), "a.zcred ");
	update_works("disk/a.zcred", TOP);
}

static int
leave_disk(void **state)
{
	(void)umount2("disk", MNT_DETACH); /* it may never have been there */
	return scratch_leave(state);
}

#define ADDS 500

/* Adds of one of two writers; go is closed when it may begin. */
struct writer {
	int first;
	int go;
};

static int
add_many(const struct writer *w)
{
	struct bundle_file_error e = { "" };
	char byte;

	if (read(w->go, &byte, 1) != 0)
		return 1;
	for (int i = 0; i < ADDS; i++) {
		if (add("a.zcred", w->first + i, &e) == 0)
			continue;
		dprintf(STDERR_FILENO, "%d: %s\n", w->first + i, e.text);
		return 2;
	}
	return 0;
}

static pid_t
start_writer(int first, const int go[2])
{
	const struct writer w = { first, go[0] };
	const pid_t pid = fork();

	if (pid != 0)
		return pid;
	close(go[1]);
	_exit(add_many(&w));
}

/* Whoever reads meanwhile never finds a part of a file. */
static void
read_until_ended(int writers)
{
	struct bundle_file_error e;
	struct bundle_file f;
	size_t n = 0;
	int status, rc;
	pid_t pid;

	while (writers > 0) {
		pid = waitpid(-1, &status, WNOHANG);
		if (pid > 0) {
			assert_int_equal(status, 0);
			writers--;
		}
		rc = bundle_file_read("a.zcred", &f, &e);
		if (rc == -ENOENT && n == 0)
			continue;
		if (rc != 0)
			fail_msg("%s", e.text);
		assert_true(f.bundle.n >= n);
		n = f.bundle.n;
		bundle_file_fini(&f);
	}
	assert_int_equal(n, 2 * ADDS);
}

/* T20: of 1,000 adds of two writers none is lost. */
static void
two_writers_lose_nothing(void **state)
{
	int go[2];

	(void)state;
	assert_int_equal(pipe(go), 0);
	start_writer(0, go);
	start_writer(10000, go);
	close(go[0]);
	close(go[1]);
	read_until_ended(2);
	assert_string_equal(scratch_names("."), "a.zcred ");
}

#define MAKERS 4
#define ROUNDS 60

static int
make_each(void *arg)
{
	const int *tag = arg;
	struct bundle_file_error e;
	char path[20];

	for (int i = 0; i < ROUNDS; i++) {
		snprintf(path, sizeof(path), "%d", i);
		if (add(path, *tag, &e) != 0)
			return 1;
	}
	return 0;
}

/* Each of them finds no file, or one that another has just made. */
static void
several_make_one_file_together(void **state)
{
	struct bundle_file_error e;
	struct bundle_file f;
	char path[20];
	int status;

	(void)state;
	for (int i = 0; i < MAKERS; i++) {
		if (fork() == 0)
			_exit(make_each(&i));
	}
	for (int i = 0; i < MAKERS; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	for (int i = 0; i < ROUNDS; i++) {
		snprintf(path, sizeof(path), "%d", i);
		assert_int_equal(bundle_file_read(path, &f, &e), 0);
		assert_int_equal(f.bundle.n, MAKERS);
		bundle_file_fini(&f);
	}
	assert_null(strchr(scratch_names("."), '.'));
}

static void
an_add_is_spliced(void **state)
{
	struct bundle_file_error e;

	(void)state;
	assert_int_equal(add("a.zcred", 1, &e), 0);
	scratch_has("a.zcred", TOP "\nSec-Tag: 1\n" ABC);
	assert_int_equal(add("a.zcred", 1, &e), -EEXIST);
	assert_int_equal(add("a.zcred", 0, &e), 0);
	scratch_has("a.zcred", TOP "\nSec-Tag: 1\n" ABC "\nSec-Tag: 0\n" ABC);
}

/* A reader who holds a shared lock, or a writer who is stopped, is waited for. */
static void
a_lock_is_waited_for_and_not_for_ever(void **state)
{
	const int before = bundle_lock_ms;
	struct bundle_file_error e;
	int fd, status;
	pid_t pid;

	(void)state;
	scratch_text("a.zcred", TOP "# old\n", 0600);
	fd = open("a.zcred", O_RDONLY);
	assert_int_equal(flock(fd, LOCK_SH), 0);
	bundle_lock_ms = 100;
	update_fails("a.zcred", TOP, -ETIMEDOUT,
	    "another process has held its lock for 0.1 seconds");
	scratch_has("a.zcred", TOP "# old\n");
	bundle_lock_ms = before;
	pid = fork();
	if (pid == 0) {
		close(fd); /* it is locked as long as the other is open */
		_exit(update("a.zcred", TOP, &e) != 0);
	}
	assert_int_equal(close(fd), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	scratch_has("a.zcred", TOP);
}

/* A directory, the link's owner, and whether it is followed by user 12345. */
static const struct link_case {
	const char *name;
	mode_t mode;
	uid_t dir, link;
	bool followed;
} links[] = {
	{ "a_link_of_one_s_own_is_followed_anywhere", 01777, 0, 12345, true },
	{ "a_link_of_the_directory_s_owner_is_followed", 01777, 0, 0, true },
	{ "a_planted_link_is_not_followed", 01777, 0, 23456, false },
	{ "a_planted_link_in_an_open_directory_is_not_followed", 0777, 0, 23456,
	    false },
	{ "a_planted_link_in_a_sticky_directory_is_not_followed", 01775, 12345,
	    23456, false },
	{ "a_link_of_another_in_a_closed_directory_is_followed", 0755, 12345,
	    23456, true },
};

static void
link_is_judged(void **state)
{
	const struct link_case *c = *state;
	struct bundle_file_error e;
	int rc;

	if (geteuid() != 0) {
		print_message("skipped: only root becomes somebody else\n");
		skip();
	}
	assert_int_equal(mkdir("mine", 0700), 0);
	scratch_text("mine/a.zcred", TOP "# old\n", 0600);
	assert_int_equal(mkdir("d", 0700), 0);
	assert_int_equal(symlink("../mine/a.zcred", "d/a.zcred"), 0);
	assert_int_equal(lchown("d/a.zcred", c->link, 0), 0);
	assert_int_equal(chown("d", c->dir, 0), 0);
	assert_int_equal(chmod("d", c->mode), 0);
	assert_int_equal(chmod(".", 0755), 0);
	assert_int_equal(chown("mine", 12345, 0), 0);
	assert_int_equal(chown("mine/a.zcred", 12345, 0), 0);
	assert_int_equal(seteuid(12345), 0);
	rc = update("d/a.zcred", TOP "# new\n", &e);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(rc, c->followed ? 0 : -EPERM);
	scratch_has("mine/a.zcred",
	    c->followed ? TOP "# new\n" : TOP "# old\n");
	if (!c->followed)
		assert_non_null(
		    strstr(e.text, "a symbolic link of user 23456"));
}

static void
a_file_of_two_names_is_refused(void **state)
{
	(void)state;
	scratch_text("a.zcred", TOP "# old\n", 0600);
	assert_int_equal(link("a.zcred", "b.zcred"), 0);
	update_fails("a.zcred", TOP, -EPERM, "the file has 2 names");
	scratch_has("a.zcred", TOP "# old\n");
	/* A writer who dies where rename is no choice leaves another name. */
	assert_int_equal(rename("b.zcred", ".a.zcred.zsock-abcdef"), 0);
	update_works("a.zcred", TOP);
	assert_string_equal(scratch_names("."), "a.zcred ");
}

#define OF_SCRATCH(f) \
	cmocka_unit_test_setup_teardown(f, scratch_enter, scratch_leave)

int
main(void)
{
	const struct CMUnitTest others[] = {
		OF_SCRATCH(a_change_may_decline),
		OF_SCRATCH(a_link_stays),
		OF_SCRATCH(a_link_to_nothing_makes_it),
		OF_SCRATCH(what_is_refused_is_not_written),
		OF_SCRATCH(what_cannot_be_a_file_is_told),
		OF_SCRATCH(where_nothing_may_be_written_it_is_told),
		OF_SCRATCH(what_a_killed_writer_left_is_removed),
		OF_SCRATCH(a_limit_of_size_leaves_the_old),
		cmocka_unit_test_setup_teardown(a_full_disk_leaves_the_old,
		    scratch_enter, leave_disk),
		OF_SCRATCH(an_add_is_spliced),
		OF_SCRATCH(a_lock_is_waited_for_and_not_for_ever),
		OF_SCRATCH(a_file_of_two_names_is_refused),
		OF_SCRATCH(two_writers_lose_nothing),
		OF_SCRATCH(several_make_one_file_together),
	};
	struct CMUnitTest tests[LEN(others) + LEN(modes) + LEN(links)];
	size_t n = LEN(others);

	memcpy(tests, others, sizeof(others));
	n += test_rows(tests + n, mode_is_kept, modes, LEN(modes),
	    sizeof(modes[0]));
	n += test_rows(tests + n, link_is_judged, links, LEN(links),
	    sizeof(links[0]));
	for (size_t i = LEN(others); i < n; i++) {
		tests[i].setup_func = scratch_enter;
		tests[i].teardown_func = scratch_leave;
	}
	return cmocka_run_group_tests_name("cred/bundle_update", tests, NULL,
	    NULL);
}
