#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process_ask.h"
#include "process_find.h"
#include "say.h"

#define WAIT_MS 50

/* What @ is followed by. */
struct wanted {
	pid_t pid;        /* or 0 */
	const char *name; /* or NULL */
};

/* The name that the kernel has for it, if not the one that it was given. */
static bool
has_comm(int pid, const char *name)
{
	char path[64], comm[64];
	ssize_t n = -1;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd != -1) {
		n = read(fd, comm, sizeof(comm) - 1);
		close(fd);
	}
	if (n <= 0)
		return false;
	comm[n] = '\0';
	comm[strcspn(comm, "\n")] = '\0';
	return strcmp(comm, name) == 0;
}

static bool
fits(const struct found *f, const struct wanted *w, bool by_comm)
{
	if (w->pid != 0)
		return f->process.pid == w->pid;
	if (w->name == NULL)
		return true;
	return by_comm ? has_comm(f->process.pid, w->name)
	               : strcmp(f->process.name, w->name) == 0;
}

/* Those that are wanted are left, if there are any. */
static bool
keep(struct crowd *c, const struct wanted *w, bool by_comm)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		if (fits(&c->list[i], w, by_comm))
			c->list[n++] = c->list[i];
	}
	if (n > 0)
		c->n = n;
	return n > 0;
}

static int
say_which(const char *typed, const struct crowd *c)
{
	(void)say(USAGE, "%s: which of these %zu processes?", typed, c->n);
	for (size_t i = 0; i < c->n; i++) {
		const struct place_process *p = &c->list[i].process;

		if (c->list[i].rc == 0)
			(void)say(USAGE, "  @%d  %s  %s", p->pid, p->name,
			    p->exe);
		else
			(void)say(USAGE, "  @%d  does not answer", p->pid);
	}
	return USAGE;
}

static int
say_absent(const char *typed, const struct crowd *c)
{
	return say(ABSENT,
	    "%s: %s process has a control socket in %s: it has one from its "
	    "first TLS or credential call on if it is started with "
	    "ZSOCK_CTL=load; --wait S waits for that",
	    typed, typed[1] == '\0' ? "no" : "no such", c->dir);
}

static int
take(struct process *p, const struct crowd *c, struct deadline until)
{
	if (c->n > 1)
		return say_which(p->typed, c);
	memcpy(p->dir, c->dir, sizeof(p->dir));
	memcpy(p->name, c->list[0].name, sizeof(p->name));
	return process_connect(p, until);
}

static int
find(struct process *p, const struct wanted *w)
{
	const struct deadline patience = deadline_in_ms(place_wait_ms);
	struct deadline until;
	struct crowd c;
	int rc;

	for (;;) {
		until = deadline_in_ms(place_timeout_ms);
		rc = crowd_gather(&c, w->pid, until);
		if (rc != DONE)
			return rc;
		if (keep(&c, w, false) || keep(&c, w, true)) {
			rc = take(p, &c, until);
			break;
		}
		if (deadline_left_ms(patience) == 0) {
			rc = say_absent(p->typed, &c);
			break;
		}
		crowd_fini(&c);
		(void)poll(NULL, 0, WAIT_MS);
	}
	crowd_fini(&c);
	return rc;
}

/* @/path/x.sock, which need not be there yet. */
static int
find_path(struct process *p, const char *path)
{
	const struct deadline patience = deadline_in_ms(place_wait_ms);
	const char *slash = strrchr(path, '/');
	const size_t len = slash == path ? 1 : (size_t)(slash - path);

	if (len >= sizeof(p->dir) || strlen(slash + 1) >= sizeof(p->name) ||
	    slash[1] == '\0')
		return say(USAGE, "%s: that is no path of a socket", p->typed);
	memcpy(p->dir, path, len);
	memcpy(p->name, slash + 1, strlen(slash + 1));
	p->elsewhere = true;
	while (access(path, F_OK) == -1 && deadline_left_ms(patience) > 0)
		(void)poll(NULL, 0, WAIT_MS);
	return process_connect(p, deadline_in_ms(place_timeout_ms));
}

/* Only digits: a pid, which has no sign, and is not 0. */
static bool
read_pid(const char *text, pid_t *pid)
{
	char *end;
	long n;

	if (text[0] == '\0' || text[strspn(text, "0123456789")] != '\0')
		return false;
	errno = 0;
	n = strtol(text, &end, 10);
	*pid = errno != 0 || n > INT_MAX || n == 0 ? INT_MAX : (pid_t)n;
	return true;
}

int
process_open(const char *name, struct process **out)
{
	struct wanted w = { 0 };
	struct process *p = calloc(1, sizeof(*p));
	int rc;

	if (p == NULL)
		return say_no_memory();
	p->typed = name;
	p->link.fd = -1;
	if (name[1] == '/') {
		rc = find_path(p, name + 1);
	} else {
		if (!read_pid(name + 1, &w.pid) && name[1] != '\0')
			w.name = name + 1;
		rc = find(p, &w);
	}
	if (rc != DONE) {
		free(p);
		return rc;
	}
	*out = p;
	return DONE;
}

void
process_close(struct process *p)
{
	link_close(&p->link);
	free(p);
}

/* For ps: why one of them is left out. */
static void
remark_on(const struct found *f)
{
	if (f->rc == -EPERM)
		remark("%s: another user's process has made it: not asked",
		    f->process.path);
	else
		remark("%s: process %d does not answer: %s", f->process.path,
		    f->process.pid,
		    f->rc == -ETIMEDOUT        ? "it is stopped or busy"
		        : f->rc == -EPROTO     ? "it is not zsock's"
		        : f->rc == -ECONNRESET ? "it hangs up"
		                               : strerror(-f->rc));
}

int
place_processes(struct place_process **out, size_t *n, size_t *silent)
{
	struct place_process *list;
	struct crowd c;
	int rc;

	rc = crowd_gather(&c, 0, deadline_in_ms(place_timeout_ms));
	if (rc != DONE)
		return rc;
	list = calloc(c.n + 1, sizeof(*list));
	if (list == NULL) {
		crowd_fini(&c);
		return say_no_memory();
	}
	*n = 0;
	for (size_t i = 0; i < c.n; i++) {
		if (c.list[i].rc == 0)
			list[(*n)++] = c.list[i].process;
		else
			remark_on(&c.list[i]);
	}
	*out = list;
	*silent = c.n - *n;
	crowd_fini(&c);
	return DONE;
}
