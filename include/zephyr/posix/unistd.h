#include <unistd.h>

#include <zephyr/net/socket.h>
