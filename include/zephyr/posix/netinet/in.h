#include <netinet/in.h>

#include <zephyr/net/socket.h>
