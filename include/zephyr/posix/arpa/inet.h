#include <arpa/inet.h>

#include <zephyr/net/socket.h>
