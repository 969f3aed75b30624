#include "support/capture.h"

#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"

static char path[64];
static char text[16384];

void
capture_start(void)
{
	int fd;

	strcpy(path, "/tmp/zsock-test-capture-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(setenv("ZSOCK_LOG", "debug", 1), 0);
	assert_int_equal(setenv("ZSOCK_LOG_FILE", path, 1), 0);
	config_reload();
}

const char *
capture_text(void)
{
	FILE *file = fopen(path, "r");
	size_t n;

	assert_non_null(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	assert_int_equal(fclose(file), 0);
	assert_int_equal(truncate(path, 0), 0);
	return text;
}

void
capture_stop(void)
{
	assert_int_equal(unlink(path), 0);
	assert_int_equal(setenv("ZSOCK_LOG", "off", 1), 0);
	assert_int_equal(unsetenv("ZSOCK_LOG_FILE"), 0);
	config_reload();
}
