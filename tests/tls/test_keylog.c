/*
 * SSLKEYLOGFILE: where the keys of a connection go, and what a file that takes
 * none does to the connection: nothing.
 */
#include "support/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/config.h"
#include "support/loop.h"
#include "support/pair.h"

static char dir[] = "/tmp/zsock-test-keylog-XXXXXX";
static char path[sizeof(dir) + 8];

static int
group_setup(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/keys", dir);
	if (setenv("SSLKEYLOGFILE", path, 1) != 0)
		return -1;
	config_reload();
	return 0;
}

static int
group_teardown(void **state)
{
	(void)state;
	return rmdir(dir);
}

static void
handshake(void)
{
	struct pair p;
	int client, server;

	pair_init(&p, "localhost", 4096);
	pair_handshake(&p, &client, &server);
	assert_int_equal(client, 0);
	assert_int_equal(server, 0);
	pair_fini(&p);
}

static void
keys_are_appended_whole_and_for_the_user_alone(void **state)
{
	const int before = loop_count_descriptors();
	char line[512];
	struct stat st;
	FILE *file;
	int n = 0;

	(void)state;
	handshake();
	assert_int_equal(loop_count_descriptors(), before);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	file = fopen(path, "r");
	assert_non_null(file);
	for (; fgets(line, sizeof(line), file) != NULL; n++) {
		assert_non_null(strchr(line, '\n'));
		assert_true(strncmp(line, "CLIENT_", 7) == 0 ||
		    strncmp(line, "SERVER_", 7) == 0 ||
		    strncmp(line, "EXPORTER_", 9) == 0);
	}
	assert_int_equal(fclose(file), 0);
	assert_true(n >= 8);
	assert_int_equal(unlink(path), 0);
}

/* Nobody reads it: to wait for somebody would be for ever. */
static void
a_fifo_without_a_reader_holds_up_nothing(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	handshake();
	assert_int_equal(unlink(path), 0);
}

/* The reader does not read: what it has no room for is lost. */
static void
a_fifo_that_is_full_holds_up_nothing(void **state)
{
	static const char fill[4096];
	int reader, writer;

	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	reader = open(path, O_RDONLY | O_NONBLOCK);
	writer = open(path, O_WRONLY | O_NONBLOCK);
	assert_true(reader >= 0 && writer >= 0);
	while (write(writer, fill, sizeof(fill)) > 0)
		;
	handshake();
	assert_int_equal(close(writer), 0);
	assert_int_equal(close(reader), 0);
	assert_int_equal(unlink(path), 0);
}

static void
a_directory_holds_up_nothing(void **state)
{
	(void)state;
	assert_int_equal(mkdir(path, 0700), 0);
	handshake();
	assert_int_equal(rmdir(path), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    keys_are_appended_whole_and_for_the_user_alone),
		cmocka_unit_test(a_fifo_without_a_reader_holds_up_nothing),
		cmocka_unit_test(a_fifo_that_is_full_holds_up_nothing),
		cmocka_unit_test(a_directory_holds_up_nothing),
	};

	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
