#include "process_find.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/files.h"
#include "process_link.h"
#include "say.h"

/* How many are asked at a time; a descriptor each. */
#define BATCH 128
#define RETRY_MS 20

bool
crowd_trusts(uid_t uid)
{
	return uid == geteuid();
}

void
crowd_fini(struct crowd *c)
{
	free(c->list);
	c->list = NULL;
	c->n = 0;
}

static bool
ends_in(const char *name, const char *tail)
{
	const size_t len = strlen(name), n = strlen(tail);

	return len > n && strcmp(name + len - n, tail) == 0;
}

/*
 * A name that refuses is dead, and so is one that a killed process has not come
 * to publish: see control_dir.h.  Whatever else is in doubt stays.
 */
static void
bury_if_dead(const struct control_dir *d, const char *name)
{
	if (control_dir_probe(d, name) == CONTROL_DEAD)
		(void)control_dir_bury(d, name); /* or the next one does */
}

static struct found *
add(struct crowd *c, const char *name)
{
	struct found *p = reallocarray(c->list, c->n + 1, sizeof(*p));

	if (p == NULL)
		return NULL;
	c->list = p;
	p = &c->list[c->n++];
	*p = (struct found){ .rc = 0 };
	/* As long as nothing is known of it, but what is said of it. */
	p->process.pid = (int)strtol(name, NULL, 10);
	snprintf(p->name, sizeof(p->name), "%s", name);
	if (snprintf(p->process.path, sizeof(p->process.path), "%s/%s", c->dir,
	        name) >= (int)sizeof(p->process.path))
		p->process.path[0] = '\0';
	return p;
}

/* The names, in a list of their own: some of them will be removed. */
static int
read_names(struct crowd *c, const struct control_dir *d)
{
	DIR *dir = files_list(d->kfd);
	struct dirent *e;
	int rc = 0;

	if (dir == NULL)
		return -errno;
	while (rc == 0 && (e = readdir(dir)) != NULL) {
		if (e->d_name[0] == '.' && ends_in(e->d_name, ".tmp"))
			bury_if_dead(d, e->d_name);
		else if (e->d_name[0] != '.' && ends_in(e->d_name, ".sock") &&
		    add(c, e->d_name) == NULL)
			rc = -ENOMEM;
	}
	closedir(dir);
	return rc;
}

/* Connects, and says HELLO to those who may hear it. */
static void
meet(struct found *f, struct link *l, const struct control_dir *d, pid_t pid,
    struct deadline until)
{
	/* What is full now is busy; one deadline is for all of them. */
	f->rc = link_connect(l, d, f->name, (struct deadline){ 0 });
	if (f->rc == -ECONNREFUSED && control_dir_bury(d, f->name))
		f->rc = -ENOENT;
	if (f->rc < 0)
		return;
	if (l->pid > 0)
		f->process.pid = (int)l->pid;
	if (!crowd_trusts(l->uid))
		f->rc = -EPERM;
	else if (pid != 0 && l->pid > 0 && l->pid != pid)
		f->rc = -ESRCH;
	else
		f->rc = link_greet(l, until);
}

static void
ask_batch(struct found *list, size_t n, const struct control_dir *d, pid_t pid,
    struct deadline until)
{
	struct link links[BATCH];

	for (size_t i = 0; i < n; i++)
		meet(&list[i], &links[i], d, pid, until);
	for (size_t i = 0; i < n; i++) {
		if (list[i].rc == 0)
			list[i].rc =
			    link_greeted(&links[i], until, &list[i].process);
		if (list[i].rc == 0 && pid != 0 && list[i].process.pid != pid)
			list[i].rc = -ESRCH;
		link_close(&links[i]);
	}
}

static int
by_pid(const void *a, const void *b)
{
	const int x = ((const struct found *)a)->process.pid;
	const int y = ((const struct found *)b)->process.pid;

	return (x > y) - (x < y);
}

/* Those that are gone, and those that nobody has asked for, are left out. */
static void
sift(struct crowd *c)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++) {
		if (c->list[i].rc != -ENOENT && c->list[i].rc != -ESRCH &&
		    c->list[i].rc != -ECONNREFUSED)
			c->list[n++] = c->list[i];
	}
	c->n = n;
	if (n > 0)
		qsort(c->list, n, sizeof(*c->list), by_pid);
}

static int
gather(struct crowd *c, const struct control_dir *d, pid_t pid,
    struct deadline until)
{
	size_t n;
	int rc;

	rc = read_names(c, d);
	if (rc < 0)
		return say(outcome_of(rc), "%s: %s", c->dir, strerror(-rc));
	for (size_t i = 0; i < c->n; i += n) {
		n = c->n - i < BATCH ? c->n - i : BATCH;
		ask_batch(&c->list[i], n, d, pid, until);
	}
	sift(c);
	return DONE;
}

/*
 * A process has few connections to give, and one whose program has closed its
 * listener makes another when somebody comes.
 */
static bool
was_hung_up_on(const struct crowd *c)
{
	for (size_t i = 0; i < c->n; i++) {
		if (c->list[i].rc == -ECONNRESET)
			return true;
	}
	return false;
}

int
crowd_gather(struct crowd *c, pid_t pid, struct deadline until)
{
	struct control_dir d = { .path = c->dir };
	char why[CONTROL_WHY_SIZE];
	int rc;

	c->list = NULL;
	c->n = 0;
	if (wire_dir(c->dir, sizeof(c->dir)) >= (int)sizeof(c->dir))
		return say(USAGE,
		    "the name of the directory of control sockets is too "
		    "long: set ZSOCK_CTL_DIR");
	d.kfd = control_dir_open(c->dir, false, why);
	if (d.kfd == -ENOENT)
		return DONE;
	if (d.kfd < 0)
		return say(outcome_of(d.kfd), "%s", why);
	rc = gather(c, &d, pid, until);
	while (rc == DONE && was_hung_up_on(c) && deadline_left_ms(until) > 0) {
		(void)poll(NULL, 0, RETRY_MS);
		crowd_fini(c);
		rc = gather(c, &d, pid, until);
	}
	close(d.kfd);
	if (rc != DONE)
		crowd_fini(c);
	return rc;
}
