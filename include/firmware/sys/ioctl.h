#ifndef FIRMWARE_SYS_IOCTL_H
#define FIRMWARE_SYS_IOCTL_H

/* glibc's, with the POSIX names bound where they are asked for. */
#pragma GCC system_header
#include_next <sys/ioctl.h>

#include <zsock/detail/posix_mode.h>

#ifdef ZSOCK_POSIX_NAMES
ZSOCK_BEGIN_DECLS
ZSOCK_POSIX_BIND(ioctl);
ZSOCK_END_DECLS
#endif

#endif
