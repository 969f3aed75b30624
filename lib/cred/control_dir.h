#ifndef CRED_CONTROL_DIR_H
#define CRED_CONTROL_DIR_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/un.h>

/*
 * The directory of control sockets, and the names in it.  A name that is
 * published answers, or its process is dead: sockets are made under the
 * directory's lock and another name, and listen before they get their own.
 */

#define CONTROL_WHY_SIZE 512

/*
 * Opens it, and makes it first if it is to be.  Returns a descriptor, or a
 * negative errno with a sentence that names the path and the cure: -ENOENT (not
 * there), -EPERM (another user's, open to others, a symbolic link or no
 * directory), or what the kernel says.
 */
int control_dir_open(const char *path, bool make, char why[CONTROL_WHY_SIZE]);

/* The directory and its descriptor, for the calls below. */
struct control_dir {
	int kfd;
	const char *path;
};

/* As bind and connect want a name in it, however long its path is. */
socklen_t control_dir_address(const struct control_dir *d, const char *name,
    struct sockaddr_un *addr);

/* Does anybody listen there?  What cannot be told is not dead. */
enum control_probe { CONTROL_LIVE, CONTROL_DEAD, CONTROL_GONE };
enum control_probe control_dir_probe(const struct control_dir *d,
    const char *name);

/* Removes a dead name, unless it lives once the lock is there; is it gone? */
bool control_dir_bury(const struct control_dir *d, const char *name);

/* A name that is this process's. */
struct control_name {
	pid_t pid;
	dev_t dev;
	ino_t ino;
	char path[PATH_MAX + NAME_MAX];
};

/* A listening socket under a name; a descriptor, or -errno and a sentence. */
int control_dir_publish(const struct control_dir *d, struct control_name *name,
    char why[CONTROL_WHY_SIZE]);

/*
 * Removes it, if it is still that socket, and made by this process.  kfd is the
 * directory, or -1 to go by its path, which another root does not have.
 */
void control_dir_withdraw(const struct control_name *name, int kfd);

#endif
