#include <netdb.h>

#include <zephyr/net/socket.h>
