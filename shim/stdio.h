#ifndef SHIM_STDIO_H
#define SHIM_STDIO_H

#include <stdio.h>
#include <sys/types.h>

/*
 * The functions of a stream over a descriptor, which is the core's or not at the
 * time of the call; as fopencookie(3) wants them.
 */
void *stdio_cookie(int fd);
int stdio_number(void *cookie);
ssize_t stdio_read(void *cookie, char *buf, size_t len);
ssize_t stdio_write(void *cookie, const char *buf, size_t len);
int stdio_seek(void *cookie, off64_t *offset, int whence);

#endif
