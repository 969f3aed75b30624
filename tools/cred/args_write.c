#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "args.h"
#include "base/files.h"
#include "cred/bundle_follow.h"
#include "cred/bundle_save.h"
#include "say.h"

static int
refuse_terminal(void)
{
	return say(REFUSED,
	    "a secret is not for a terminal: use -o FILE, or a pipe");
}

static int
failed(const char *path, int rc)
{
	return say(outcome_of(rc), "%s: %s", path, strerror(-rc));
}

/* A pipe or a device is no file that could be replaced. */
static int
write_there(const char *path, const struct buf *b, bool secret)
{
	int fd, rc;

	fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return failed(path, -errno);
	if (secret && isatty(fd)) {
		(void)close(fd); /* nothing was written */
		return refuse_terminal();
	}
	rc = files_write(fd, b->data, b->len);
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc < 0)
		return say(FAILED, "%s: %s", path, strerror(-rc));
	return DONE;
}

/* Never wider than the file that it replaces, nor than the umask allows. */
static mode_t
new_mode(int dir, const char *name, bool secret)
{
	const mode_t most = secret ? 0600 : 0644, mask = umask(077);
	struct stat st;

	(void)umask(mask);
	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return st.st_mode & most;
	return most & ~mask;
}

static int
replace(const char *place, const struct buf *b, bool secret)
{
	const size_t dir_len = bundle_follow_dir_len(place);
	const int dir = files_open_dir(place, dir_len);
	const char *name = place + dir_len;
	int rc;

	if (dir < 0)
		return dir;
	bundle_save_sweep(dir, name, -1);
	rc = bundle_save(dir, name, b, new_mode(dir, name, secret), false);
	if (rc == 0)
		rc = bundle_save_sync(dir);
	(void)close(dir); /* nothing was written through it */
	return rc;
}

static int
write_file(const char *path, const struct buf *b, bool secret)
{
	struct bundle_file_error e;
	char *place;
	int rc;

	/* A symbolic link stays one. */
	rc = bundle_follow(path, &place, &e);
	if (rc < 0)
		return say(outcome_of(rc), "%s", e.text);
	rc = replace(place, b, secret);
	free(place);
	if (rc == -EFBIG) /* of the system, and no limit of the tool's own */
		return say(FAILED, "%s: %s", path, strerror(EFBIG));
	return rc < 0 ? failed(path, rc) : DONE;
}

int
args_write(const char *path, const void *data, size_t len, bool secret)
{
	const struct buf b = { (unsigned char *)data, len, len, false };
	struct stat st;

	if (strcmp(path, "-") == 0) {
		if (secret && isatty(STDOUT_FILENO))
			return refuse_terminal();
		out_bytes(data, len);
		return DONE;
	}
	if (stat(path, &st) < 0)
		return write_file(path, &b, secret);
	if (S_ISDIR(st.st_mode))
		return say(FAILED, "%s: %s", path, strerror(EISDIR));
	if (!S_ISREG(st.st_mode))
		return write_there(path, &b, secret);
	return write_file(path, &b, secret);
}
