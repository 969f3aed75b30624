#include <sys/socket.h>

#include <zephyr/net/socket.h>
