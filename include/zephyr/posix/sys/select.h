#include <sys/select.h>

#include <zephyr/net/socket.h>
