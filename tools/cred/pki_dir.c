#include "pki_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "say.h"

/* What a file is written as, and the lines of a record. */
#define TEMP ".generate.tmp"
#define FIRST "zsock-cred generate 1"
#define ENDED_LINE "done"
#define FILE_LINE "file "

#define RECORD_MAX ((size_t)64 << 10)

static int
failed(const struct pki_dir *d, const char *name)
{
	const int err = errno;

	return say(err == ENOMEM ? FAILED : outcome_of(-err), "%s/%s: %s",
	    d->path, name, strerror(err));
}

static int
no_memory(void)
{
	return say(FAILED, "out of memory");
}

static bool
list_has(const struct pki_names_list *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->names[i], name) == 0)
			return true;
	}
	return false;
}

static bool
list_add(struct pki_names_list *l, const char *name)
{
	char **names;

	names = reallocarray(l->names, l->n + 1, sizeof(*names));
	if (names == NULL)
		return false;
	l->names = names;
	names[l->n] = strdup(name);
	return names[l->n] != NULL && ++l->n > 0;
}

static void
list_fini(struct pki_names_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->names[i]);
	free(l->names);
	*l = (struct pki_names_list){ 0 };
}

/* A record may have been tampered with: no name leads out of the directory. */
static bool
is_own_name(const char *name)
{
	const char *base = strncmp(name, "bad/", 4) == 0 ? name + 4 : name;

	return base[0] != '\0' && base[0] != '.' && strchr(base, '/') == NULL;
}

static int
damaged(const struct pki_dir *d)
{
	return say(MALFORMED,
	    "%s/" PKI_DIR_RECORD ": it is no record of generate; "
	    "remove it together with the files that generate has made",
	    d->path);
}

static int
parse_line(struct pki_dir *d, const char *line)
{
	const size_t prefix = strlen(FILE_LINE);

	if (strcmp(line, ENDED_LINE) == 0) {
		d->done = true;
	} else if (strncmp(line, FILE_LINE, prefix) == 0) {
		if (!is_own_name(line + prefix))
			return damaged(d);
		if (!list_add(&d->old, line + prefix))
			return no_memory();
	} else {
		strcat(d->arguments, line);
		strcat(d->arguments, "\n");
	}
	return DONE;
}

static int
parse_record(struct pki_dir *d, char *text)
{
	char *rest = text, *line;
	int rc = DONE;

	line = strsep(&rest, "\n");
	if (strcmp(line, FIRST) != 0 || rest == NULL)
		return damaged(d);
	d->made = true;
	while (rc == DONE && (line = strsep(&rest, "\n")) != NULL) {
		if (line[0] != '\0')
			rc = parse_line(d, line);
	}
	return rc;
}

/* Its length, or -1 and errno. */
static ssize_t
read_file(int dir, const char *name, char *text, size_t size)
{
	const int fd =
	    openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	size_t len = 0;
	ssize_t n = 1;
	int err;

	if (fd < 0)
		return -1;
	while (n > 0 && len < size) {
		n = read(fd, text + len, size - len);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			len += (size_t)n;
	}
	err = errno;
	(void)close(fd); /* it was only read */
	errno = err;
	return n < 0 ? -1 : (ssize_t)len;
}

static int
read_record(struct pki_dir *d)
{
	char *text = malloc(RECORD_MAX);
	ssize_t n;
	int rc = DONE;

	d->arguments = calloc(1, RECORD_MAX);
	if (text == NULL || d->arguments == NULL) {
		free(text);
		return no_memory();
	}
	n = read_file(d->fd, PKI_DIR_RECORD, text, RECORD_MAX);
	if (n < 0 && errno != ENOENT)
		rc = failed(d, PKI_DIR_RECORD);
	else if (n == (ssize_t)RECORD_MAX)
		rc = damaged(d);
	else if (n >= 0) {
		text[n] = '\0';
		rc = strlen(text) == (size_t)n ? parse_record(d, text)
		                               : damaged(d);
	}
	free(text);
	return rc;
}

/* As far as the last name of it is missing. */
static int
make_dir(const char *path)
{
	if (mkdir(path, 0777) == 0 || errno == EEXIST)
		return DONE;
	return say(outcome_of(-errno), "%s: %s", path, strerror(errno));
}

int
pki_dir_open(const char *path, struct pki_dir *d)
{
	int rc;

	*d = (struct pki_dir){ .path = path, .fd = -1 };
	rc = make_dir(path);
	if (rc != DONE)
		return rc;
	d->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->fd < 0)
		return say(outcome_of(-errno), "%s: %s", path, strerror(errno));
	while (flock(d->fd, LOCK_EX) < 0) {
		if (errno == EINTR)
			continue;
		rc = say(FAILED, "%s: %s", path, strerror(errno));
		pki_dir_close(d);
		return rc;
	}
	rc = read_record(d);
	if (rc != DONE)
		pki_dir_close(d);
	return rc;
}

void
pki_dir_close(struct pki_dir *d)
{
	if (d->fd >= 0)
		(void)close(d->fd); /* nothing was written through it */
	free(d->arguments);
	list_fini(&d->old);
	list_fini(&d->now);
	*d = (struct pki_dir){ .fd = -1 };
}

int
pki_dir_whole(const struct pki_dir *d)
{
	struct stat st;

	for (size_t i = 0; i < d->old.n; i++) {
		const char *name = d->old.names[i];

		if (fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		if (errno != ENOENT)
			return failed(d, name);
		return say(CONFLICT,
		    "%s/%s is gone, and cannot be made again for the same "
		    "keys: --force makes all of it anew",
		    d->path, name);
	}
	return DONE;
}

int
pki_dir_plan(struct pki_dir *d, const char *name)
{
	struct stat st;

	if (!list_has(&d->old, name)) {
		if (fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			return say(CONFLICT,
			    "%s/%s is there, and was not made by generate: "
			    "move it away, or take another directory",
			    d->path, name);
		if (errno != ENOENT)
			return failed(d, name);
	}
	return list_add(&d->now, name) ? DONE : no_memory();
}

static int
write_all(int fd, const unsigned char *data, size_t len)
{
	while (len > 0) {
		const ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* -1 and errno. */
static int
write_temp(int dir, const void *data, size_t len, bool secret)
{
	int fd, rc, err;

	/* One that is there is of a run that was killed. */
	if (unlinkat(dir, TEMP, 0) < 0 && errno != ENOENT)
		return -1;
	fd = openat(dir, TEMP,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
	    secret ? 0600 : 0644);
	if (fd < 0)
		return -1;
	rc = write_all(fd, data, len);
	err = errno;
	if (close(fd) < 0 && rc == 0) {
		rc = -1;
		err = errno;
	}
	errno = err;
	return rc;
}

int
pki_dir_put(struct pki_dir *d, const char *name, const void *data, size_t len,
    bool secret)
{
	int err;

	if (write_temp(d->fd, data, len, secret) == 0 &&
	    renameat(d->fd, TEMP, d->fd, name) == 0)
		return DONE;
	err = errno;
	(void)unlinkat(d->fd, TEMP, 0); /* the error at hand is to be told */
	errno = err;
	return failed(d, name);
}

static int
write_record(struct pki_dir *d, const char *arguments, bool done)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int rc;

	if (f == NULL)
		return no_memory();
	fprintf(f, FIRST "\n%s", arguments);
	for (size_t i = 0; i < d->now.n; i++)
		fprintf(f, FILE_LINE "%s\n", d->now.names[i]);
	/* Until the end, those of the last run are still its own, too. */
	for (size_t i = 0; i < d->old.n && !done; i++) {
		if (!list_has(&d->now, d->old.names[i]))
			fprintf(f, FILE_LINE "%s\n", d->old.names[i]);
	}
	if (done)
		fprintf(f, ENDED_LINE "\n");
	rc = fclose(f) == 0 ? pki_dir_put(d, PKI_DIR_RECORD, text, len, false)
	                    : no_memory();
	free(text);
	return rc;
}

int
pki_dir_begin(struct pki_dir *d, const char *arguments)
{
	struct stat st;
	bool bad = false;

	for (size_t i = 0; i < d->now.n; i++)
		bad = bad || strncmp(d->now.names[i], "bad/", 4) == 0;
	if (bad && mkdirat(d->fd, "bad", 0777) < 0 && errno != EEXIST)
		return failed(d, "bad");
	/* What is written there must not end up in another place. */
	if (bad && fstatat(d->fd, "bad", &st, AT_SYMLINK_NOFOLLOW) < 0)
		return failed(d, "bad");
	if (bad && !S_ISDIR(st.st_mode))
		return say(CONFLICT, "%s/bad is there, and no directory",
		    d->path);
	return write_record(d, arguments, false);
}

static int
remove_old(struct pki_dir *d)
{
	for (size_t i = 0; i < d->old.n; i++) {
		const char *name = d->old.names[i];

		if (!list_has(&d->now, name) && unlinkat(d->fd, name, 0) < 0 &&
		    errno != ENOENT)
			return failed(d, name);
	}
	/* It may have other files in it, or not be there. */
	if (unlinkat(d->fd, "bad", AT_REMOVEDIR) < 0 && errno != ENOENT &&
	    errno != ENOTEMPTY && errno != EEXIST && errno != ENOTDIR)
		return failed(d, "bad");
	return DONE;
}

int
pki_dir_end(struct pki_dir *d, const char *arguments)
{
	const int rc = remove_old(d);

	return rc != DONE ? rc : write_record(d, arguments, true);
}
