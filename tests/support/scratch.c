#include "support/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/test.h"

#define EXAMPLE "fuzz/corpus/bundle/worked_example"

static char here[PATH_MAX], scratch[PATH_MAX];

int
scratch_enter(void **state)
{
	const char *top = getenv("TMPDIR");

	(void)state;
	if (getcwd(here, sizeof(here)) == NULL)
		return -1;
	snprintf(scratch, sizeof(scratch), "%s/zsock-scratch-XXXXXX",
	    top != NULL ? top : "/tmp");
	return mkdtemp(scratch) != NULL && chdir(scratch) == 0 ? 0 : -1;
}

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk)
{
	(void)st;
	(void)kind;
	(void)walk;
	return remove(path);
}

int
scratch_leave(void **state)
{
	(void)state;
	/* A test that failed as another user has not come back. */
	if (getuid() == 0 && (seteuid(0) < 0 || setegid(0) < 0))
		return -1;
	if (chdir(here) < 0)
		return -1;
	return nftw(scratch, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

void
scratch_write(const char *path, const void *data, size_t len, mode_t mode)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, len), len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

void
scratch_text(const char *path, const char *text, mode_t mode)
{
	scratch_write(path, text, strlen(text), mode);
}

char *
scratch_read(const char *path, size_t *len)
{
	const int fd = open(path, O_RDONLY);
	struct stat st;
	char *text;

	if (fd < 0)
		fail_msg("%s: %s", path, strerror(errno));
	assert_int_equal(fstat(fd, &st), 0);
	text = malloc((size_t)st.st_size + 1);
	assert_non_null(text);
	assert_int_equal(read(fd, text, (size_t)st.st_size), st.st_size);
	text[st.st_size] = '\0';
	close(fd);
	*len = (size_t)st.st_size;
	return text;
}

void
scratch_has(const char *path, const char *text)
{
	size_t len;
	char *found = scratch_read(path, &len);

	assert_string_equal(found, text);
	assert_int_equal(len, strlen(text));
	free(found);
}

unsigned
scratch_mode(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

const char *
scratch_names(const char *path)
{
	static char names[4096];
	struct dirent **list;
	const int n = scandir(path, &list, NULL, alphasort);

	assert_true(n >= 0);
	names[0] = '\0';
	for (int i = 0; i < n; i++) {
		const size_t len = strlen(names);

		if (strcmp(list[i]->d_name, ".") != 0 &&
		    strcmp(list[i]->d_name, "..") != 0)
			snprintf(names + len, sizeof(names) - len, "%s ",
			    list[i]->d_name);
		free(list[i]);
	}
	free(list);
	return names;
}

char *
scratch_example(size_t *len)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/" EXAMPLE, TEST_SOURCE_DIR);
	return scratch_read(path, len);
}
