#ifndef FIRMWARE_UNISTD_H
#define FIRMWARE_UNISTD_H

/* glibc's, with the POSIX names bound where they are asked for. */
#pragma GCC system_header
#include_next <unistd.h>

#include <zsock/detail/posix_mode.h>

#ifdef ZSOCK_POSIX_NAMES
ZSOCK_BEGIN_DECLS
ZSOCK_POSIX_BIND(close);
int gethostname(char *buf, size_t len) ZSOCK_POSIX_SYMBOL_NOTHROW(gethostname);
ZSOCK_POSIX_BIND(read);
ZSOCK_POSIX_BIND(write);
ZSOCK_END_DECLS
#endif

#endif
