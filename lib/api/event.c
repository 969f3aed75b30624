#include <zephyr/zvfs/eventfd.h>

#include "base/err.h"
#include "sock/event.h"

_Static_assert((int)EVENT_SEMAPHORE == ZVFS_EFD_SEMAPHORE, "flags");

int
zvfs_eventfd(unsigned int initval, int flags)
{
	return (int)err_edge(call_eventfd(initval, flags));
}

int
zvfs_eventfd_read(int fd, zvfs_eventfd_t *value)
{
	return (int)err_edge(call_eventfd_read(fd, value));
}

int
zvfs_eventfd_write(int fd, zvfs_eventfd_t value)
{
	return (int)err_edge(call_eventfd_write(fd, value));
}
