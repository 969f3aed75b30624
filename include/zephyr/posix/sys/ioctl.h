#include <sys/ioctl.h>

#include <zephyr/net/socket.h>
