/* In glibc's place: see zsock/detail/types_firmware.h. */
#include <zephyr/net/socket.h>
