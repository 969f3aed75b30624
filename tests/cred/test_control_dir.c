#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cred/control_dir.h"
#include "support/ctl.h"

static struct control_dir dir;
static char why[CONTROL_WHY_SIZE];

static int
make_dir(void **state)
{
	(void)state;
	dir.path = ctl_dir_make();
	if (dir.path == NULL)
		return -1;
	dir.kfd = control_dir_open(dir.path, true, why);
	return dir.kfd >= 0 ? 0 : -1;
}

static int
remove_dir(void **state)
{
	(void)state;
	close(dir.kfd);
	ctl_dir_remove();
	return 0;
}

static void
expect_refusal(const char *path, int error, const char *cure)
{
	why[0] = '\0';
	assert_int_equal(control_dir_open(path, true, why), -error);
	assert_non_null(strstr(why, path));
	assert_non_null(strstr(why, cure));
	assert_non_null(strstr(why, "ZSOCK_CTL_DIR"));
}

static void
it_is_made_for_its_owner_alone(void **state)
{
	char path[128];
	struct stat st;
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "%s/new", dir.path);
	assert_int_equal(control_dir_open(path, false, why), -ENOENT);
	fd = control_dir_open(path, true, why);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	rmdir(path);
}

/* T43 */
static void
one_that_others_may_use_is_refused(void **state)
{
	static const mode_t modes[] = { 0777, 0770, 0750, 0701, 01777 };

	(void)state;
	for (size_t i = 0; i < LEN(modes); i++) {
		assert_int_equal(chmod(dir.path, modes[i]), 0);
		expect_refusal(dir.path, EPERM, "chmod 700");
	}
	assert_int_equal(chmod(dir.path, 0700), 0);
}

static void
one_of_another_user_is_refused(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		expect_refusal("/", EPERM, "remove it");
		return;
	}
	assert_int_equal(chown(dir.path, 1, 1), 0);
	expect_refusal(dir.path, EPERM, "remove it");
	assert_int_equal(chown(dir.path, 0, 0), 0);
}

static void
a_link_or_a_file_is_refused(void **state)
{
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/link", dir.path);
	assert_int_equal(symlink(dir.path, path), 0);
	expect_refusal(path, EPERM, "remove it");
	unlink(path);
	assert_int_equal(mknod(path, S_IFREG | 0600, 0), 0);
	expect_refusal(path, EPERM, "remove it");
	unlink(path);
	snprintf(path, sizeof(path), "%s/none/there", dir.path);
	expect_refusal(path, ENOENT, "cannot be made");
}

static int
publish(struct control_name *name)
{
	const int kfd = control_dir_publish(&dir, name, why);

	assert_true(kfd >= 0);
	return kfd;
}

static void
a_name_is_there_once_it_listens(void **state)
{
	struct control_name name;
	struct stat st;
	char want[64];
	int kfd;

	(void)state;
	kfd = publish(&name);
	snprintf(want, sizeof(want), "%d.sock", getpid());
	assert_string_equal(strrchr(name.path, '/') + 1, want);
	assert_int_equal(control_dir_probe(&dir, want), CONTROL_LIVE);
	assert_int_equal(lstat(name.path, &st), 0);
	assert_int_equal(st.st_mode, S_IFSOCK | 0600);
	assert_int_equal(ctl_dir_count(""), 1);
	control_dir_withdraw(&name, -1);
	assert_int_equal(control_dir_probe(&dir, want), CONTROL_GONE);
	close(kfd);
}

/* As of a process of another pid namespace. */
static void
a_living_name_is_not_taken(void **state)
{
	struct control_name first, second, third;
	char want[64];
	int a, b, c;

	(void)state;
	a = publish(&first);
	b = publish(&second);
	snprintf(want, sizeof(want), "%d-2.sock", getpid());
	assert_string_equal(strrchr(second.path, '/') + 1, want);
	control_dir_withdraw(&first, -1);
	c = publish(&third); /* while a keeps its inode's number */
	assert_string_equal(third.path, first.path);
	control_dir_withdraw(&first, -1); /* which is another's by now */
	assert_int_equal(ctl_dir_count(".sock"), 2);
	control_dir_withdraw(&second, -1);
	control_dir_withdraw(&third, -1);
	assert_int_equal(ctl_dir_count(""), 0);
	close(a);
	close(b);
	close(c);
}

static void
a_dead_name_is_taken_over(void **state)
{
	struct control_name first, second;

	(void)state;
	close(publish(&first));
	close(publish(&second));
	assert_string_equal(first.path, second.path);
	assert_int_equal(ctl_dir_count(""), 1);
}

/* A file that somebody has put there is no socket that is dead. */
static void
what_is_no_socket_stays(void **state)
{
	struct control_name name;
	char path[128], file[64];

	(void)state;
	snprintf(file, sizeof(file), "%d.sock", getpid());
	snprintf(path, sizeof(path), "%s/%s", dir.path, file);
	assert_int_equal(mknod(path, S_IFREG | 0600, 0), 0);
	assert_int_equal(control_dir_probe(&dir, file), CONTROL_LIVE);
	assert_false(control_dir_bury(&dir, file));
	close(publish(&name));
	assert_non_null(strstr(name.path, "-2.sock"));
	assert_int_equal(access(path, F_OK), 0);
}

static void
only_the_dead_are_buried(void **state)
{
	struct control_name name;
	const char *file;
	int kfd;

	(void)state;
	kfd = publish(&name);
	file = strrchr(name.path, '/') + 1;
	assert_false(control_dir_bury(&dir, file));
	assert_int_equal(access(name.path, F_OK), 0);
	close(kfd);
	assert_int_equal(control_dir_probe(&dir, file), CONTROL_DEAD);
	assert_true(control_dir_bury(&dir, file));
	assert_int_equal(access(name.path, F_OK), -1);
	assert_true(control_dir_bury(&dir, file)); /* it is gone already */
}

/* Who is stopped with the lock must not stop others for ever. */
static void
nobody_waits_long_for_the_lock(void **state)
{
	const int other = open(dir.path, O_RDONLY | O_DIRECTORY);
	struct control_name name;

	(void)state;
	assert_true(other >= 0);
	assert_int_equal(flock(other, LOCK_EX), 0);
	assert_int_equal(control_dir_publish(&dir, &name, why), -EWOULDBLOCK);
	assert_non_null(strstr(why, dir.path));
	assert_int_equal(ctl_dir_count(""), 0);
	close(other);
	close(publish(&name));
}

/* T39 */
static void
a_child_does_not_withdraw_its_parents_name(void **state)
{
	struct control_name name;
	const int kfd = publish(&name);
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	if (pid == 0) {
		control_dir_withdraw(&name, -1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(access(name.path, F_OK), 0);
	close(kfd);
}

static void
in_publisher(void)
{
	struct control_dir d = { .path = dir.path };
	struct control_name name;
	char file[64];
	int kfd;

	d.kfd = control_dir_open(d.path, false, why);
	kfd = control_dir_publish(&d, &name, why);
	snprintf(file, sizeof(file), "%d.sock", getpid());
	for (int k = 0; kfd >= 0 && k < 200; k++) {
		if (control_dir_probe(&d, file) != CONTROL_LIVE)
			_exit(2);
	}
	_exit(kfd < 0); /* and leaves a dead name */
}

/* The names of the dead among them; how many there were. */
static int
bury(const pid_t *pids, size_t n)
{
	char file[64];
	int buried = 0;

	for (size_t i = 0; i < n; i++) {
		snprintf(file, sizeof(file), "%d.sock", (int)pids[i]);
		if (control_dir_probe(&dir, file) == CONTROL_DEAD)
			buried += control_dir_bury(&dir, file);
	}
	return buried;
}

/* T40 */
static void
many_publish_while_the_dead_are_buried(void **state)
{
	pid_t pids[50];
	size_t left = LEN(pids);
	int status, buried = 0;

	(void)state;
	for (size_t i = 0; i < LEN(pids); i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			in_publisher();
		assert_true(pids[i] > 0);
	}
	alarm(120); /* it ends the test */
	while (left > 0) {
		const pid_t pid = waitpid(-1, &status, WNOHANG);

		buried += bury(pids, LEN(pids));
		if (pid == 0)
			continue;
		assert_true(pid > 0 && WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
		left--;
	}
	alarm(0);
	buried += bury(pids, LEN(pids));
	assert_int_equal(buried, LEN(pids));
	assert_int_equal(ctl_dir_count(""), 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, make_dir, remove_dir)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(it_is_made_for_its_owner_alone),
		TEST(one_that_others_may_use_is_refused),
		TEST(one_of_another_user_is_refused),
		TEST(a_link_or_a_file_is_refused),
		TEST(a_name_is_there_once_it_listens),
		TEST(a_living_name_is_not_taken),
		TEST(a_dead_name_is_taken_over),
		TEST(what_is_no_socket_stays),
		TEST(only_the_dead_are_buried),
		TEST(nobody_waits_long_for_the_lock),
		TEST(a_child_does_not_withdraw_its_parents_name),
		TEST(many_publish_while_the_dead_are_buried),
	};

	return cmocka_run_group_tests_name("cred/control_dir", tests, NULL,
	    NULL);
}
