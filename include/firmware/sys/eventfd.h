#ifndef FIRMWARE_SYS_EVENTFD_H
#define FIRMWARE_SYS_EVENTFD_H

/*
 * In glibc's place.  The names are the library's whether the POSIX names are
 * on or not, for on the device eventfd() does not need them.
 */

#include <zephyr/zvfs/eventfd.h>
#include <zsock/detail/posix_mode.h>

#define EFD_SEMAPHORE ZVFS_EFD_SEMAPHORE
#define EFD_NONBLOCK ZVFS_EFD_NONBLOCK

typedef zvfs_eventfd_t eventfd_t;

ZSOCK_BEGIN_DECLS
int eventfd(unsigned int initval, int flags) __asm__("zsock_posix_eventfd");
int eventfd_read(int fd, eventfd_t *value) __asm__("zsock_posix_eventfd_read");
int eventfd_write(int fd, eventfd_t value) __asm__("zsock_posix_eventfd_write");
ZSOCK_END_DECLS

#endif
