#ifndef CRED_BUNDLE_SAVE_H
#define CRED_BUNDLE_SAVE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cred/buf.h"

/*
 * Writes name in a directory whole, and synced, through a temporary file beside
 * it.  With fresh, -EEXIST if there is such a name by then; else what has it is
 * replaced.  The new file is locked (flock) until the call ends.  On failure the
 * old is as it was, and the temporary file gone.
 */
int bundle_save(int dirfd, const char *name, const struct buf *b, mode_t mode,
    bool fresh);

/*
 * Removes the temporary files for name that killed writers have left, or those
 * for all names that are own; never one that a living writer has.  held is the
 * file of that name if the caller has locked it, or -1: a writer that died while
 * it gave the name has left that file a temporary one, too.  As far as possible:
 * nothing depends on it.
 */
void bundle_save_sweep(int dirfd, const char *name, int held);
void bundle_save_sweep_all(int dirfd, bool (*is_own)(const char *name));

/* Makes what has changed in a directory outlast a crash of the machine. */
int bundle_save_sync(int dirfd);

#endif
