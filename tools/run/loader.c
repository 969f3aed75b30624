#include "loader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/deadline.h"
#include "say.h"

/* More than any program's list has. */
#define SAID_MAX ((size_t)1 << 20)

/* It takes some milliseconds. */
#define ASK_MS 5000

/* What would change the form of the answer. */
static const char *const disturbing[] = { "LD_DEBUG", "LD_DEBUG_OUTPUT",
	"LD_VERBOSE", "LD_WARN", "LD_UNUSED", "LD_SHOW_AUXV", "LD_PROFILE" };

static int
make_vars(struct vars *v, const struct vars *from, const char *preload)
{
	int rc;

	rc = vars_init(v, from->list);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < sizeof(disturbing) / sizeof(disturbing[0]); i++)
		vars_unset(v, disturbing[i]);
	rc = vars_set(v, "LD_PRELOAD", preload);
	if (rc == 0)
		rc = vars_set(v, "LD_TRACE_LOADED_OBJECTS", "1");
	return rc;
}

/* Both ends are no standard streams, even if those are closed. */
static int
make_pipe(int ends[2])
{
	int low[2], error;

	if (pipe2(low, O_CLOEXEC) < 0)
		return -errno;
	ends[0] = fcntl(low[0], F_DUPFD_CLOEXEC, 3);
	ends[1] = fcntl(low[1], F_DUPFD_CLOEXEC, 3);
	error = errno;
	close(low[0]);
	close(low[1]);
	if (ends[0] >= 0 && ends[1] >= 0)
		return 0;
	close(ends[0]);
	close(ends[1]);
	return -error;
}

_Noreturn static void
be_loader(int to, const char *interp, const char *elf, char **env)
{
	char path[PATH_MAX + 2], name[PATH_MAX];
	char *argv[] = { name, path, NULL };

	(void)snprintf(name, sizeof(name), "%s", interp);
	/* One that begins with a "-" would be an option. */
	(void)snprintf(path, sizeof(path), "%s%s", elf[0] == '/' ? "" : "./",
	    elf);
	if (dup2(to, STDOUT_FILENO) >= 0 && dup2(to, STDERR_FILENO) >= 0)
		execve(interp, argv, env);
	(void)dprintf(to, "%s: %s\n", interp, strerror(errno));
	_exit(OWN);
}

/* Reads all that comes, up to SAID_MAX.  0, -ETIMEDOUT or -errno. */
static int
read_all(int fd, char *said, size_t *len)
{
	const struct deadline end = deadline_in_ms(ASK_MS);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n = 1;
	int rc;

	while (n > 0 && *len < SAID_MAX - 1) {
		rc = poll(&p, 1, deadline_left_ms(end));
		if (rc == 0)
			return -ETIMEDOUT;
		if (rc < 0 && errno != EINTR)
			return -errno;
		if (rc < 0)
			continue;
		n = read(fd, said + *len, SAID_MAX - 1 - *len);
		*len += n > 0 ? (size_t)n : 0;
	}
	return n < 0 ? -errno : 0;
}

/* What it says, cut into lines. */
static int
collect(int fd, struct loader *out)
{
	char *said = malloc(SAID_MAX);
	size_t len = 0;
	int rc;

	if (said == NULL)
		return -ENOMEM;
	rc = read_all(fd, said, &len);
	if (rc < 0) {
		free(said);
		return rc;
	}
	said[len] = '\0';
	for (size_t i = 0; i < len; i++) {
		if (said[i] == '\n')
			said[i] = '\0';
	}
	*out = (struct loader){ said, len };
	return 0;
}

int
loader_ask(const char *interp, const char *elf, const char *preload,
    const struct vars *vars, struct loader *out)
{
	struct vars own = { .list = NULL };
	int ends[2] = { -1, -1 }, rc;
	pid_t pid;

	rc = make_vars(&own, vars, preload);
	if (rc == 0)
		rc = make_pipe(ends);
	if (rc < 0)
		goto out;
	pid = fork();
	if (pid == 0)
		be_loader(ends[1], interp, elf, own.list);
	rc = pid < 0 ? -errno : 0;
	close(ends[1]);
	if (rc == 0)
		rc = collect(ends[0], out);
	close(ends[0]);
	/* Its status says less than its words; it may have been reaped. */
	if (pid > 0)
		(void)kill(pid, SIGKILL); /* it has said all */
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
out:
	vars_fini(&own);
	if (rc == -ETIMEDOUT)
		return say(OWN,
		    "%s has not said within %d seconds what it would load for "
		    "%s: it is no loader of glibc's, whatever it is called",
		    interp, ASK_MS / 1000, elf);
	if (rc < 0)
		return say(OWN, "%s: cannot be asked what it would load: %s",
		    interp, strerror(-rc));
	return DONE;
}

void
loader_fini(struct loader *l)
{
	free(l->said);
	l->said = NULL;
}

/* The line behind this one, or the first; NULL if there is none. */
static const char *
next_line(const struct loader *l, const char *line)
{
	line = line == NULL ? l->said : line + strlen(line) + 1;
	return line < l->said + l->len ? line : NULL;
}

/* What a line "\tname => path (0x...)" or "\tpath (0x...)" lists. */
struct object {
	const char *path;
	size_t len;
};

static bool
read_line(const char *line, struct object *out)
{
	const char *arrow = strstr(line, " => "), *end = strstr(line, " (0x");

	if (line[0] != '\t' || end == NULL)
		return false;
	out->path = arrow != NULL && arrow < end ? arrow + 4 : line + 1;
	out->len = (size_t)(end - out->path);
	return true;
}

bool
loader_loads(const struct loader *l, const char *path)
{
	const char *line = NULL;
	struct object o;

	while ((line = next_line(l, line)) != NULL) {
		if (read_line(line, &o) && o.len == strlen(path) &&
		    memcmp(o.path, path, o.len) == 0)
			return true;
	}
	return false;
}

static bool
is_named(const char *path, const char *prefix)
{
	const char *slash = strrchr(path, '/');

	return path[0] == '/' &&
	    strncmp(slash + 1, prefix, strlen(prefix)) == 0;
}

bool
loader_find(const struct loader *l, const char *prefix, char path[PATH_MAX])
{
	const char *line = NULL;
	struct object o;

	while ((line = next_line(l, line)) != NULL) {
		if (!read_line(line, &o) || o.len >= PATH_MAX)
			continue;
		memcpy(path, o.path, o.len);
		path[o.len] = '\0';
		if (is_named(path, prefix))
			return true;
	}
	return false;
}

bool
loader_words(const struct loader *l, const char *path, char words[PATH_MAX])
{
	const char *line = NULL;
	struct object o;

	while ((line = next_line(l, line)) != NULL) {
		if (read_line(line, &o) || strstr(line, path) == NULL)
			continue;
		(void)snprintf(words, PATH_MAX, "%s", line);
		return true;
	}
	return false;
}
