#include <netinet/tcp.h>

#include <zephyr/net/socket.h>
