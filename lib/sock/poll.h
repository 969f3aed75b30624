#ifndef SOCK_POLL_H
#define SOCK_POLL_H

#include <poll.h>
#include <stdbool.h>

/*
 * poll(2) over our numbers, native and secure sockets mixed.  A number that is
 * not ours is POLLNVAL, or with foreign_ok the kernel's own descriptor.
 * timeout_ms < 0 waits for ever.  Signals do not end the wait, as the device
 * has none.  Returns how many entries have revents, or a negative errno:
 * -ENOMEM, or QUIRK_POLL_TOO_MANY's for more entries than the kernel takes.
 */
int poll_sockets(struct pollfd *fds, nfds_t n, int timeout_ms, bool foreign_ok);

#endif
