#ifndef BASE_FILES_H
#define BASE_FILES_H

#include <dirent.h>
#include <stddef.h>

/* What more than one writer or reader of files needs; 0 or -errno. */

/* All of it, to a descriptor that waits. */
int files_write(int fd, const void *data, size_t len);

/*
 * Opens a directory to be listed, through a descriptor of its own: a position is
 * shared by copies.  NULL, and errno.
 */
DIR *files_list(int dirfd);

/* The directory of a path that ends in a name, of which so much is a directory. */
int files_open_dir(const char *path, size_t dir_len);

/* Gives a file another name in its directory: -EEXIST if somebody has that. */
int files_rename_new(int dirfd, const char *from, const char *to);

#endif
