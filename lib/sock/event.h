#ifndef SOCK_EVENT_H
#define SOCK_EVENT_H

#include <stdint.h>

/*
 * Eventfds by number: a counter of 64 bits that poll can wait for.  They are
 * in the fd table beside the sockets; send and recv on one are write and read.
 */

/* What call_eventfd takes; as numbers they are eventfd(2)'s or Zephyr's. */
enum {
	EVENT_SEMAPHORE = 1,
	EVENT_SEMAPHORE_ZEPHYR = 2,
	EVENT_NONBLOCK_ZEPHYR = 0x4000,
};

/*
 * A new counter with this value.  flags are the above and O_NONBLOCK, in the
 * linux profile O_CLOEXEC too.  Returns its number, or -EINVAL for another
 * flag, -ENOMEM (memory, or LIMIT_EVENTS), -ENFILE.
 */
int call_eventfd(unsigned int value, int flags);

/*
 * Take the value, or 1 of it from a semaphore; waits until it is not 0.  Add
 * to it; waits until the sum is at most UINT64_MAX - 1.  Return 0, or
 *   -EBADF   the number is not an eventfd's
 *   -EFAULT  value is NULL
 *   -EINVAL  what is to be added is UINT64_MAX
 *   -EAGAIN  it would wait, and O_NONBLOCK is set
 *   -EINTR   a signal came, or another thread closed it
 */
int call_eventfd_read(int sock, uint64_t *value);
int call_eventfd_write(int sock, uint64_t value);

#endif
