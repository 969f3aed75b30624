#ifndef SOCK_OPTION_NUMBERS_H
#define SOCK_OPTION_NUMBERS_H

#include <netinet/in.h>
#include <sys/socket.h>

/* Zephyr's own numbers, as firmware passes them; lib/api compares them. */
enum {
	OPTION_SO_SOCKS5 = 0x5a3c,
	OPTION_IP_DONTFRAG = 0x5a0f,
};

/* The kernel's that libc's headers lack. */
#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51
#endif
#ifndef SO_BUF_LOCK
#define SO_BUF_LOCK 72
#endif

#endif
