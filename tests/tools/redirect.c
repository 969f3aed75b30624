#include "tools/redirect.h"

#include "support/test.h"

#include <sys/mman.h>
#include <unistd.h>

static int kept = -1, saved = -1, number;
static char text[16384];

void
redirect_begin(int fd)
{
	number = fd;
	saved = dup(fd);
	assert_true(saved >= 0);
	kept = memfd_create("redirect", MFD_CLOEXEC);
	assert_true(kept >= 0);
	assert_int_equal(dup2(kept, fd), fd);
}

const char *
redirect_end(void)
{
	ssize_t n;

	assert_int_equal(dup2(saved, number), number);
	n = pread(kept, text, sizeof(text) - 1, 0);
	assert_true(n >= 0);
	text[n] = '\0';
	assert_int_equal(close(kept), 0);
	assert_int_equal(close(saved), 0);
	return text;
}
