#ifndef CRED_BUNDLE_SAVE_H
#define CRED_BUNDLE_SAVE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Writes name in a directory whole, and synced, through a temporary file beside
 * it.  With fresh, -EEXIST if there is such a name by then; else what has it is
 * replaced.  The new file is locked (flock) until the call ends.  On failure the
 * old is as it was, and the temporary file gone.
 */
int bundle_save(int dirfd, const char *name, const void *data, size_t len,
    mode_t mode, bool fresh);

/*
 * Removes the temporary files for name that killed writers have left, or with
 * NULL those for any name; never one that a living writer has.  As far as
 * possible: nothing depends on it.
 */
void bundle_save_sweep(int dirfd, const char *name);

/* Makes what has changed in a directory outlast a crash of the machine. */
int bundle_save_sync(int dirfd);

#endif
