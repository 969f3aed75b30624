#include <errno.h>
#include <spawn.h>
#include <stdlib.h>

#include "shim/real.h"
#include "shim/slots.h"
#include "shim/withheld.h"

/*
 * Calls that run another program beside this one.  Libc makes the child by
 * itself, and the kernel closes there what is withheld; it is said here.
 */

EXPORT int
posix_spawn(pid_t *pid, const char *path,
    const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attr,
    char *const argv[], char *const env[])
{
	withheld_say("start", path);
	return real.posix_spawn(pid, path, actions, attr, argv, env);
}

EXPORT int
posix_spawnp(pid_t *pid, const char *file,
    const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attr,
    char *const argv[], char *const env[])
{
	withheld_say("start", file);
	return real.posix_spawnp(pid, file, actions, attr, argv, env);
}

EXPORT int
system(const char *command)
{
	if (command != NULL)
		withheld_say("start", command);
	return real.system(command);
}

EXPORT FILE *
popen(const char *command, const char *mode)
{
	withheld_say("start", command);
	return real.popen(command, mode);
}

/* The copy would be one that exec does not close. */
EXPORT int
posix_spawn_file_actions_adddup2(posix_spawn_file_actions_t *actions, int fd,
    int to)
{
	if (!slots_is_secure(fd))
		return real.posix_spawn_file_actions_adddup2(actions, fd, to);
	withheld_say_one("posix_spawn_file_actions_adddup2", fd);
	return EBADF;
}
