#include <net/if.h>

#include <zephyr/net/socket.h>
