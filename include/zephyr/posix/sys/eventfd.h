#ifndef ZEPHYR_POSIX_SYS_EVENTFD_H
#define ZEPHYR_POSIX_SYS_EVENTFD_H

/*
 * The eventfd calls under their older names.  In firmware mode they are always
 * the library's, as this header is the only one that declares them; in host
 * mode glibc's header does, and they are bound where the POSIX names are on.
 */

#include <sys/eventfd.h>

#include <zephyr/zvfs/eventfd.h>
#include <zsock/detail/posix_mode.h>

#if defined(ZSOCK_POSIX_NAMES) && !defined(ZSOCK_FIRMWARE)
ZSOCK_BEGIN_DECLS
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wredundant-decls" /* that is the point */
ZSOCK_POSIX_BIND(eventfd);
ZSOCK_POSIX_BIND(eventfd_read);
ZSOCK_POSIX_BIND(eventfd_write);
#pragma GCC diagnostic pop
ZSOCK_END_DECLS
#endif

#endif
