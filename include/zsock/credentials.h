#ifndef ZSOCK_CREDENTIALS_H
#define ZSOCK_CREDENTIALS_H

/*
 * Bundles of credentials, zsock-credentials(5), and the control socket by which
 * zsock-cred(1) looks at a running program: by program what ZSOCK_CREDENTIALS
 * and ZSOCK_CTL are by the environment.  No device has these calls.
 *
 * All are safe to call from any thread and leave errno alone.  Those that read
 * a file wait for the disk, and none waits for the network.  Every failure
 * leaves a line in the log.
 */

#include <stddef.h>

#include <zsock/api.h>

ZSOCK_BEGIN_DECLS

/*
 * A pair of tag and type that is stored already gets the bundle's value, also
 * one of the mode override; without this flag it is -EEXIST.
 */
#define ZSOCK_CRED_REPLACE 1U

/*
 * Take the bundle as one of the mode override, whatever its head says: the
 * program's own tls_credential_add of its pairs answers 0 from now on and
 * changes nothing, also after a tls_credential_delete.
 */
#define ZSOCK_CRED_OVERRIDE 2U

/* Why a bundle is not loaded. */
struct zsock_cred_error {
	/* The line of the bundle, from 1; 0 if it is about none. */
	int line;
	/* One sentence without a newline; of a file it begins with its name. */
	char text[512];
};

/*
 * Store all credentials of a bundle, or none: what path names is a file of the
 * format, or a directory of files of one credential each.  Connections see them
 * from now on, those that are open stay as they are.
 *
 * path and e are the caller's, and nothing of them is kept.  e may be NULL; it
 * is changed by a failure only.  A file of private or pre-shared keys must be
 * readable by its owner alone, unless its head says "Test-Only: yes", and in any
 * case writable by no others; the owner is the user or root.
 *
 * Returns 0, or
 *   -EINVAL  flags has an unknown bit, path is NULL, what it names is no bundle
 *            or neither file nor directory, or a value was left out of it
 *            ("Redacted: yes")
 *   -EFBIG   the bundle is larger than 4 MiB, has a value of more than 1 MiB, a
 *            line of more than 8 KiB or more than 1024 credentials
 *   -EPERM   others may read or write it: the text has the cures
 *   -EEXIST  a pair of it is stored already
 *   -ENOMEM  there is no memory, or the limits of the target that are in force
 *            have no room for it
 *   -ENOENT, -EACCES, ...  it cannot be read
 */
ZSOCK_API int zsock_cred_load_file(const char *path, unsigned flags,
    struct zsock_cred_error *e);

/*
 * The same of a bundle in memory, of len bytes; a NUL behind them is not needed,
 * and not one of them.  text is the caller's, who may want to wipe it.
 *
 * Returns 0, or
 *   -EINVAL  flags has an unknown bit, text is NULL, it is no bundle, or a value
 *            was left out of it
 *   -EFBIG, -EEXIST, -ENOMEM  as above
 */
ZSOCK_API int zsock_cred_load_mem(const void *text, size_t len, unsigned flags,
    struct zsock_cred_error *e);

/*
 * Let zsock-cred(1) see the store of this process, by a socket that only the
 * same user can connect to, and a thread of the library's own that serves it.
 *
 * level is what it may do: "list" shows what is stored and public values; "load"
 * also changes the store; "full" also gives keys out.  name is how zsock-cred
 * calls the process, @name; NULL is ZSOCK_CTL_NAME, or the program's own name.
 * Both are copied.  The socket is removed when the process exits, unless it may
 * no longer write to the directory, as another user; a child of fork has one of
 * its own after its first call for credentials.
 *
 * Returns 0, or
 *   -EINVAL    level is NULL or none of the three, or name cannot be one
 *   -EALREADY  there is one, by this call or by ZSOCK_CTL
 *   -ENOMEM, -EAGAIN, -EACCES, -EPERM, -EMFILE, ...  the socket cannot be made,
 *              or its thread not be started; the log says why
 */
ZSOCK_API int zsock_ctl_start(const char *level, const char *name);

/*
 * End that thread and remove the socket, whoever asked for it.
 *
 * Returns 0, or
 *   -ENOENT  there is none
 */
ZSOCK_API int zsock_ctl_stop(void);

ZSOCK_END_DECLS

#endif
