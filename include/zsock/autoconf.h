#ifndef ZSOCK_AUTOCONF_H
#define ZSOCK_AUTOCONF_H

/*
 * The Kconfig symbols of firmware mode, included before every source.  An
 * application's own file takes its place with
 * -DZSOCK_AUTOCONF='"path/to/autoconf.h"'; single symbols are set or changed
 * with -D.  As in Kconfig, a symbol that is off is not defined at all.
 */
#ifdef ZSOCK_AUTOCONF
#include <zsock/detail/own_autoconf.h>
#else

#ifndef CONFIG_NETWORKING
#define CONFIG_NETWORKING 1
#endif
#ifndef CONFIG_NET_IPV4
#define CONFIG_NET_IPV4 1
#endif
#ifndef CONFIG_NET_IPV6
#define CONFIG_NET_IPV6 1
#endif
#ifndef CONFIG_NET_TCP
#define CONFIG_NET_TCP 1
#endif
#ifndef CONFIG_NET_UDP
#define CONFIG_NET_UDP 1
#endif
#ifndef CONFIG_NET_SOCKETS
#define CONFIG_NET_SOCKETS 1
#endif
#ifndef CONFIG_NET_SOCKETS_SOCKOPT_TLS
#define CONFIG_NET_SOCKETS_SOCKOPT_TLS 1
#endif
#ifndef CONFIG_NET_SOCKETS_ENABLE_DTLS
#define CONFIG_NET_SOCKETS_ENABLE_DTLS 1
#endif
#ifndef CONFIG_TLS_CREDENTIALS
#define CONFIG_TLS_CREDENTIALS 1
#endif
#ifndef CONFIG_DNS_RESOLVER
#define CONFIG_DNS_RESOLVER 1
#endif
#ifndef CONFIG_NET_NAMESPACE_COMPAT_MODE
#define CONFIG_NET_NAMESPACE_COMPAT_MODE 1
#endif

#endif

#endif
