#ifndef CRED_BUNDLE_DIR_H
#define CRED_BUNDLE_DIR_H

#include "cred/bundle_file.h"
#include "cred/bundle_name.h"

struct bundle_dir_file {
	char *name;
	struct bundle_name is;
};

/* A directory of one credential a file: section i of bundle is in files[i]. */
struct bundle_dir {
	struct bundle_dir_file *files;
	size_t n;
	struct bundle bundle; /* by tag, then by name; of no place in a text */
};

/*
 * Reads all of a directory, of which path is said in errors; fd stays open.
 * Returns as bundle_file_read.
 */
int bundle_dir_read(int fd, const char *path, struct bundle_dir *out,
    struct bundle_file_error *e);

/* Wipes and frees it. */
void bundle_dir_fini(struct bundle_dir *d);

/* "path/name" for a message; where is of PATH_MAX bytes. */
const char *bundle_dir_where(const char *path, const char *name, char *where);

#endif
