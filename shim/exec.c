#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <unistd.h>

#include "shim/real.h"
#include "shim/withheld.h"

/* The calls that put another program in the place of this one. */

#define FEW 1024

EXPORT int
execve(const char *path, char *const argv[], char *const env[])
{
	struct withheld w;
	int rc;

	withheld_begin(&w, path, NULL);
	rc = real.execve(path, argv, env);
	withheld_end(&w);
	return rc;
}

EXPORT int
execv(const char *path, char *const argv[])
{
	struct withheld w;
	int rc;

	withheld_begin(&w, path, NULL);
	rc = real.execv(path, argv);
	withheld_end(&w);
	return rc;
}

EXPORT int
execvp(const char *file, char *const argv[])
{
	struct withheld w;
	int rc;

	withheld_begin(&w, NULL, file);
	rc = real.execvp(file, argv);
	withheld_end(&w);
	return rc;
}

EXPORT int
execvpe(const char *file, char *const argv[], char *const env[])
{
	struct withheld w;
	int rc;

	withheld_begin(&w, NULL, file);
	rc = real.execvpe(file, argv, env);
	withheld_end(&w);
	return rc;
}

EXPORT int
fexecve(int fd, char *const argv[], char *const env[])
{
	struct withheld w;
	int rc;

	withheld_begin(&w, NULL, "an open file");
	rc = real.fexecve(fd, argv, env);
	withheld_end(&w);
	return rc;
}

EXPORT int
execveat(int dir, const char *path, char *const argv[], char *const env[],
    int flags)
{
	struct withheld w;
	int rc;

	withheld_begin(&w, NULL,
	    (flags & AT_EMPTY_PATH) != 0 ? "an open file" : path);
	rc = real.execveat(dir, path, argv, env, flags);
	withheld_end(&w);
	return rc;
}

/* An argument list that came one by one. */
struct list {
	char *few[FEW], **argv;
	size_t size;
};

/*
 * Of first and those up to NULL; ap is behind that then.  0, or -1 and errno.
 * The heap is not for a child of vfork, nor for a signal handler.
 */
static int
list_fill(struct list *l, const char *first, va_list ap)
{
	va_list again;
	size_t n = 1;

	va_copy(again, ap);
	for (const char *s = first; s != NULL; s = va_arg(again, const char *))
		n++;
	va_end(again);
	l->argv = l->few;
	l->size = n * sizeof(*l->argv);
	if (n > FEW) {
		l->argv = mmap(NULL, l->size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (l->argv == MAP_FAILED)
			return -1;
	}
	l->argv[0] = (char *)first;
	for (size_t i = 1; i < n; i++)
		l->argv[i] = va_arg(ap, char *);
	return 0;
}

static void
list_free(struct list *l)
{
	const int saved = errno;

	if (l->argv != l->few)
		(void)munmap(l->argv, l->size);
	errno = saved;
}

static int
run_list(const char *file, bool search, const char *first, va_list ap)
{
	struct list l;
	int rc;

	if (list_fill(&l, first, ap) == -1)
		return -1;
	rc = search ? execvp(file, l.argv) : execv(file, l.argv);
	list_free(&l);
	return rc;
}

EXPORT int
execl(const char *path, const char *first, ...)
{
	va_list ap;
	int rc;

	va_start(ap, first);
	rc = run_list(path, false, first, ap);
	va_end(ap);
	return rc;
}

EXPORT int
execlp(const char *file, const char *first, ...)
{
	va_list ap;
	int rc;

	va_start(ap, first);
	rc = run_list(file, true, first, ap);
	va_end(ap);
	return rc;
}

EXPORT int
execle(const char *path, const char *first, ...)
{
	char *const *env = NULL;
	struct list l;
	va_list ap;
	int rc;

	va_start(ap, first);
	rc = list_fill(&l, first, ap);
	if (rc == 0)
		env = va_arg(ap, char *const *);
	va_end(ap);
	if (rc == -1)
		return -1;
	rc = execve(path, l.argv, env);
	list_free(&l);
	return rc;
}
