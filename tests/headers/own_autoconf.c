/* The application's autoconf.h takes the place of the library's. */
#include <zephyr/net/socket.h>

#if !defined(CONFIG_OWN) || defined(CONFIG_NET_IPV4)
#error "the library's autoconf.h was included"
#endif

extern int own_autoconf;
