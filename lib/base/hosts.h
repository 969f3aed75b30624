#ifndef BASE_HOSTS_H
#define BASE_HOSTS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/*
 * Names and redirections of the program's own: what ZSOCK_HOSTS names, read at
 * the first use of any function here, and what the program adds.  Safe to call
 * from any thread.
 *
 * Somebody who asks for a redirected name without a port gets a stand-in: an
 * address of 198.18.0.0/15 or fd7a:736f:636b::/48 that nobody else has, which
 * hosts_redirect turns into the target once the port is known.
 */

/* The first stand-in, of each family, less 1; so many of them. */
#define HOSTS_STANDIN_V4 0xc6120000
#define HOSTS_STANDIN_V6 "fd7a:736f:636b::"
#define HOSTS_STANDINS 131070

/*
 * The addresses of name, of one family, in the order of their lines: at most
 * max into found.  port, in network order, is the port they get, and chooses
 * the redirection; 0 is none.
 *
 * Returns how many there are, 0 if name has others only, or -ENOENT if the
 * table knows nothing about name (and that port).
 */
int hosts_find(const char *name, int family, uint16_t port,
    struct sockaddr_storage *found, int max);

/*
 * Turns an address that is about to be connected or sent to into the one that
 * it is redirected to; others stay as they are.  Costs one load while there are
 * no redirections.
 *
 * Returns 0, or -ECONNREFUSED with a line in the log if it is the stand-in of a
 * name that has no redirection for that port and family, and no address.
 */
int hosts_redirect(struct sockaddr_storage *addr, socklen_t *len);

/*
 * Adds lines, separated by newlines: all of them, or none.  A redirection takes
 * the place of one with the same left side and family, and the addresses of a
 * name that of those, of the same family, that it had before the call.  source
 * names the lines in messages.
 *
 * Returns 0, or a negative errno with a sentence in why
 *   -EINVAL  a line cannot be understood
 *   -ENOMEM  out of memory
 *   -ENOSPC  HOSTS_STANDINS redirected names have been added
 */
int hosts_add(const char *source, const char *lines, char *why, size_t size);

/* The same for a file; also the errno of opening or reading it. */
int hosts_load(const char *path, char *why, size_t size);

/* Forgets all, what ZSOCK_HOSTS said included.  A stand-in is not reused. */
void hosts_clear(void);

/* Hold the lock across a fork. */
void hosts_freeze(void);
void hosts_thaw(void);

#endif
