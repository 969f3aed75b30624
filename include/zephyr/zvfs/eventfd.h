#ifndef ZEPHYR_ZVFS_EVENTFD_H
#define ZEPHYR_ZVFS_EVENTFD_H

/*
 * Eventfds: counters that one thread adds to and another waits for, alone or
 * beside sockets in zsock_poll(): ZSOCK_POLLIN while the value is not 0,
 * ZSOCK_POLLOUT while 1 can be added.  The calls may be made from any thread;
 * a failure is -1 with errno.
 *
 * Their numbers are from the sockets' table, and zsock_close() closes them;
 * calls that are waiting then answer EINTR.  zsock_recv() and zsock_send(), and
 * read() and write() of a source with the POSIX names, take and add a value of
 * 8 bytes: EINVAL if there is less room, and a length above 8 is as good as 8.
 * zsock_fcntl() knows O_NONBLOCK.  Every other call on a socket is EOPNOTSUPP,
 * zsock_shutdown() ENOTSUP, and both ENOTSOCK in the linux profile.
 */

#include <stdint.h>

#include <zsock/api.h>

/* Linux's numbers; Zephyr's own, 2 and 0x4000, are taken as well. */
#define ZVFS_EFD_SEMAPHORE 1
#define ZVFS_EFD_NONBLOCK 04000

typedef uint64_t zvfs_eventfd_t;

ZSOCK_BEGIN_DECLS

/*
 * Make an eventfd with the value initval.  With ZVFS_EFD_SEMAPHORE a read takes
 * 1, else all of the value; with ZVFS_EFD_NONBLOCK no call waits.
 *
 * Returns its number, which is the caller's to close.  Errors, in the order in
 * which they are looked for (Zephyr)
 *   EINVAL  flags has another bit; in the linux profile O_CLOEXEC is taken
 *   ENOMEM  out of memory, or CONFIG_ZVFS_EVENTFD_MAX of them are open
 *   ENFILE  no number, or not two of the kernel's descriptors, are free
 */
ZSOCK_API int zvfs_eventfd(unsigned int initval, int flags);

/*
 * Take the value, or 1 of it, and store in *value what was taken.  Waits while
 * the value is 0.
 *   EBADF   fd is not an eventfd of the library
 *   EFAULT  value is NULL
 *   EAGAIN  the value is 0, and the eventfd is non-blocking
 *   EINTR   a signal came, or another thread closed it
 */
ZSOCK_API int zvfs_eventfd_read(int fd, zvfs_eventfd_t *value);

/*
 * Add to the value.  Waits while the sum would be more than UINT64_MAX - 1.
 *   EBADF   fd is not an eventfd of the library
 *   EINVAL  value is UINT64_MAX
 *   EAGAIN  it would wait, and the eventfd is non-blocking
 *   EINTR   a signal came, or another thread closed it
 */
ZSOCK_API int zvfs_eventfd_write(int fd, zvfs_eventfd_t value);

ZSOCK_END_DECLS

#endif
