#include "tests/shim/cover.h"

#include <stddef.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/next.h"
#include "shim/raw.h"
#include "shim/real.h"

static void (*core_counts)(void);
static struct real own;

EXPORT cover_add_fn cover_add;

void
cover_add(void (*write_counts)(void))
{
	core_counts = write_counts;
}

/* A child of vfork writes what its parent has counted, which begins anew. */
static void
write_counts(void)
{
	__gcov_dump();
	__gcov_reset();
	if (core_counts != NULL)
		core_counts();
}

EXPORT void
_exit(int status)
{
	write_counts();
	for (;;)
		raw_call(SYS_exit_group, status, 0, 0, 0, 0, 0);
}

EXPORT void
_Exit(int status)
{
	_exit(status);
}

#define COUNTED(name, params, args) \
	static int counted_##name params \
	{ \
		write_counts(); \
		return own.name args; \
	}
COUNTED(execve, (const char *path, char *const argv[], char *const env[]),
    (path, argv, env))
COUNTED(execveat,
    (int dir, const char *path, char *const argv[], char *const env[],
        int flags),
    (dir, path, argv, env, flags))
COUNTED(execv, (const char *path, char *const argv[]), (path, argv))
COUNTED(execvp, (const char *file, char *const argv[]), (file, argv))
COUNTED(execvpe, (const char *file, char *const argv[], char *const env[]),
    (file, argv, env))
COUNTED(fexecve, (int fd, char *const argv[], char *const env[]),
    (fd, argv, env))

#define PUT(name) \
	do { \
		own.name = next_find(#name); \
		real.name = counted_##name; \
	} while (0)

__attribute__((constructor)) static void
begin(void)
{
	PUT(execve);
	PUT(execveat);
	PUT(execv);
	PUT(execvp);
	PUT(execvpe);
	PUT(fexecve);
}
