#include <fcntl.h>

#include <zephyr/net/socket.h>
