#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "args.h"
#include "say.h"

static int
refuse_terminal(void)
{
	return say(REFUSED,
	    "a secret is not for a terminal: use -o FILE, or a pipe");
}

static int
write_all(int fd, const unsigned char *data, size_t len)
{
	while (len > 0) {
		const ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* A pipe or a device is no file that could be replaced. */
static int
write_there(const char *path, const struct bytes *b, bool secret)
{
	int fd, rc;

	fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return say(outcome_of(-errno), "%s: %s", path, strerror(errno));
	if (secret && isatty(fd)) {
		(void)close(fd); /* nothing was written */
		return refuse_terminal();
	}
	rc = write_all(fd, b->data, b->len);
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc < 0)
		return say(FAILED, "%s: %s", path, strerror(-rc));
	return DONE;
}

/* Whole, at the name temp. */
static int
write_temp(const char *temp, const struct bytes *b, bool secret)
{
	int fd, rc;

	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	    secret ? 0600 : 0666);
	if (fd < 0)
		return -errno;
	rc = write_all(fd, b->data, b->len);
	if (rc == 0 && fsync(fd) < 0)
		rc = -errno;
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc < 0)
		(void)unlink(temp); /* the error at hand is the one to tell */
	return rc;
}

static int
replace(const char *path, const struct bytes *b, bool secret)
{
	char temp[PATH_MAX];
	unsigned random;
	int rc;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return say(FAILED, "getrandom: %s", strerror(errno));
	if (snprintf(temp, sizeof(temp), "%s.%08x.tmp", path, random) >=
	    (int)sizeof(temp))
		return say(FAILED, "%s: %s", path, strerror(ENAMETOOLONG));
	rc = write_temp(temp, b, secret);
	if (rc == 0 && rename(temp, path) < 0) {
		rc = -errno;
		(void)unlink(temp); /* the error at hand is the one to tell */
	}
	if (rc < 0)
		return say(outcome_of(rc), "%s: %s", path, strerror(-rc));
	return DONE;
}

int
args_write(const char *path, const void *data, size_t len, bool secret)
{
	const struct bytes b = { (unsigned char *)data, len };
	char real[PATH_MAX];
	struct stat st;

	if (strcmp(path, "-") == 0) {
		if (secret && isatty(STDOUT_FILENO))
			return refuse_terminal();
		out_bytes(data, len);
		return DONE;
	}
	if (stat(path, &st) < 0)
		return replace(path, &b, secret);
	if (S_ISDIR(st.st_mode))
		return say(FAILED, "%s: %s", path, strerror(EISDIR));
	if (!S_ISREG(st.st_mode))
		return write_there(path, &b, secret);
	/* A symbolic link stays one. */
	if (realpath(path, real) == NULL)
		return say(outcome_of(-errno), "%s: %s", path, strerror(errno));
	return replace(real, &b, secret);
}
