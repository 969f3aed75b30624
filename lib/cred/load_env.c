#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/stack.h"
#include "cred/control.h"
#include "cred/load.h"

/* The names of a list of them. */
struct names {
	char *text;
	char **list;
	struct load_source *sources;
	struct bundle_file *files;
	size_t n, nread;
};

static void
names_fini(struct names *l)
{
	for (size_t i = 0; i < l->nread; i++)
		bundle_file_fini(&l->files[i]);
	free(l->files);
	free(l->sources);
	free(l->list);
	free(l->text);
}

/* An empty name is no name of a file: a variable in it was not set, say. */
static int
names_init(struct names *l, const char *text)
{
	char *rest;
	size_t n = 1;

	*l = (struct names){ 0 };
	for (const char *c = text; *c != '\0'; c++)
		n += *c == ':';
	l->text = strdup(text);
	l->list = calloc(n, sizeof(*l->list));
	l->sources = calloc(n, sizeof(*l->sources));
	l->files = calloc(n, sizeof(*l->files));
	if (l->text == NULL || l->list == NULL || l->sources == NULL ||
	    l->files == NULL)
		return -ENOMEM;
	rest = l->text;
	while (l->n < n)
		l->list[l->n++] = strsep(&rest, ":");
	return 0;
}

/* All of them are read before any is stored. */
static int
load_names(struct names *l, struct load_error *e)
{
	const struct load_how how = { .origin = CRED_FROM_ENV };
	int rc;

	for (size_t i = 0; i < l->n; i++) {
		if (*l->list[i] == '\0') {
			e->line = 0;
			(void)snprintf(e->text, sizeof(e->text),
			    "name %zu of %zu is empty; one colon separates "
			    "the names of bundles",
			    i + 1, l->n);
			return -EINVAL;
		}
		rc = load_read(l->list[i], &l->files[i], e);
		if (rc < 0)
			return rc;
		l->nread++;
		l->sources[i] =
		    (struct load_source){ l->list[i], &l->files[i].bundle };
	}
	return load_bundles(l->sources, l->n, &how, e);
}

/* Not 0: none of them are used, for what e says. */
static int
load_from_environment(struct load_error *e)
{
	const char *text = config_get()->credentials;
	struct names l;
	int rc;

	if (text == NULL)
		return 0;
	limits_from_environment();
	rc = names_init(&l, text);
	if (rc < 0)
		*e = (struct load_error){ .text = "out of memory" };
	else
		rc = load_names(&l, e);
	names_fini(&l);
	stack_wipe();
	if (rc < 0 && config_get()->credentials_errors == CONFIG_ERRORS_EXIT)
		config_die("ZSOCK_CREDENTIALS", e->text);
	return rc;
}

/*
 * Held by a fork too.  A child that was made while another thread loads would
 * have the credentials, and would load them once more.
 */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool loaded; /* written under the lock */

static void
load_once(void)
{
	const int saved = errno;
	struct load_error e;
	int old, rc = 0;

	if (atomic_load_explicit(&loaded, memory_order_acquire))
		return;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
	pthread_mutex_lock(&lock);
	if (!atomic_load(&loaded))
		rc = load_from_environment(&e);
	atomic_store(&loaded, true);
	pthread_mutex_unlock(&lock);
	if (rc < 0)
		log_line(LOG_WARN,
		    "ZSOCK_CREDENTIALS: %s; none of its credentials are used",
		    e.text);
	pthread_setcancelstate(old, NULL);
	errno = saved;
}

/*
 * Before main, so that a program whose credentials cannot be used does nothing
 * at all.  One that has none must not notice: even the environment's other
 * variables may still be set by main.
 */
__attribute__((constructor)) static void
load_early(void)
{
	if (config_secure("ZSOCK_CREDENTIALS") != NULL)
		load_once();
}

/* A constructor of the program's may be before the library's. */
void
load_ready(void)
{
	load_once();
	control_ready();
}

void
load_freeze(void)
{
	pthread_mutex_lock(&lock);
}

void
load_thaw(void)
{
	pthread_mutex_unlock(&lock);
}
