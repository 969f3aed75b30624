#include <poll.h>

#include <zephyr/net/socket.h>
