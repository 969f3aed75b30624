#ifndef ZSOCK_DETAIL_COMPAT_HOST_H
#define ZSOCK_DETAIL_COMPAT_HOST_H

/*
 * Host mode: the names of Zephyr 3.x to 4.3 that Linux has too, where glibc's
 * socket headers do not define them: because of a strict language mode, or
 * because only the kernel's headers have them.  The latter may be included
 * later, so a macro of theirs is spelled as they do it.
 */

#ifdef __has_include
#if __has_include(<linux/net_tstamp.h>)
#include <linux/net_tstamp.h> /* SOF_TIMESTAMPING_*, which are enumerators */
#endif
#endif

#ifndef __USE_MISC
#define ifreq net_ifreq
#define ip_mreq net_ip_mreq
#define ip_mreqn net_ip_mreqn
#define in_pktinfo net_in_pktinfo
#endif
#ifndef __USE_GNU
#define in6_pktinfo net_in6_pktinfo
#endif
#ifndef __USE_XOPEN2K
#define addrinfo zsock_addrinfo
#endif

#ifndef ntohll
#define ntohll net_ntohll
#endif
#ifndef htonll
#define htonll net_htonll
#endif

#define INADDR_ANY_INIT NET_INADDR_ANY_INIT
#define INADDR_LOOPBACK_INIT NET_INADDR_LOOPBACK_INIT

#ifndef PACKET_HOST
#define PACKET_HOST 0
#endif
#ifndef PACKET_BROADCAST
#define PACKET_BROADCAST 1
#endif
#ifndef PACKET_MULTICAST
#define PACKET_MULTICAST 2
#endif
#ifndef PACKET_OTHERHOST
#define PACKET_OTHERHOST 3
#endif
#ifndef PACKET_OUTGOING
#define PACKET_OUTGOING 4
#endif
#ifndef PACKET_LOOPBACK
#define PACKET_LOOPBACK 5
#endif
#ifndef PACKET_FASTROUTE
#define PACKET_FASTROUTE 6
#endif

#ifndef CAN_RAW
#define CAN_RAW 1
#endif

#ifndef SOL_CAN_BASE
#define SOL_CAN_BASE 100
#endif
#ifndef SOL_CAN_RAW
#define SOL_CAN_RAW (SOL_CAN_BASE + CAN_RAW)
#endif

#ifndef IFNAMSIZ
#define IFNAMSIZ NET_IFNAMSIZ
#endif

#ifndef SO_PRIORITY
#define SO_PRIORITY 12
#endif
#ifndef SO_REUSEPORT
#define SO_REUSEPORT 15
#endif
#ifndef SO_BINDTODEVICE
#define SO_BINDTODEVICE 25
#endif
#ifndef SO_PROTOCOL
#define SO_PROTOCOL 38
#endif
#ifndef SO_DOMAIN
#define SO_DOMAIN 39
#endif
#ifndef SO_TXTIME
#define SO_TXTIME 61
#endif

#ifndef SCM_TXTIME
#define SCM_TXTIME SO_TXTIME
#endif

#ifndef IP_LOCAL_PORT_RANGE
#define IP_LOCAL_PORT_RANGE 51
#endif

#ifndef IPV6_PREFER_SRC_TMP
#define IPV6_PREFER_SRC_TMP 0x0001
#endif
#ifndef IPV6_PREFER_SRC_PUBLIC
#define IPV6_PREFER_SRC_PUBLIC 0x0002
#endif
#ifndef IPV6_PREFER_SRC_COA
#define IPV6_PREFER_SRC_COA 0x0004
#endif
#ifndef IPV6_PREFER_SRC_CGA
#define IPV6_PREFER_SRC_CGA 0x0008
#endif
#ifndef IPV6_PREFER_SRC_PUBTMP_DEFAULT
#define IPV6_PREFER_SRC_PUBTMP_DEFAULT 0x0100
#endif
#ifndef IPV6_PREFER_SRC_HOME
#define IPV6_PREFER_SRC_HOME 0x0400
#endif
#ifndef IPV6_PREFER_SRC_NONCGA
#define IPV6_PREFER_SRC_NONCGA 0x0800
#endif

#ifndef AI_PASSIVE
#define AI_PASSIVE ZSOCK_AI_PASSIVE
#endif
#ifndef AI_CANONNAME
#define AI_CANONNAME ZSOCK_AI_CANONNAME
#endif
#ifndef AI_NUMERICHOST
#define AI_NUMERICHOST ZSOCK_AI_NUMERICHOST
#endif
#ifndef AI_V4MAPPED
#define AI_V4MAPPED ZSOCK_AI_V4MAPPED
#endif
#ifndef AI_ALL
#define AI_ALL ZSOCK_AI_ALL
#endif
#ifndef AI_ADDRCONFIG
#define AI_ADDRCONFIG ZSOCK_AI_ADDRCONFIG
#endif
#ifndef AI_NUMERICSERV
#define AI_NUMERICSERV ZSOCK_AI_NUMERICSERV
#endif

#ifndef NI_NUMERICHOST
#define NI_NUMERICHOST ZSOCK_NI_NUMERICHOST
#endif
#ifndef NI_NUMERICSERV
#define NI_NUMERICSERV ZSOCK_NI_NUMERICSERV
#endif
#ifndef NI_NOFQDN
#define NI_NOFQDN ZSOCK_NI_NOFQDN
#endif
#ifndef NI_NAMEREQD
#define NI_NAMEREQD ZSOCK_NI_NAMEREQD
#endif
#ifndef NI_DGRAM
#define NI_DGRAM ZSOCK_NI_DGRAM
#endif
#ifndef NI_MAXHOST
#define NI_MAXHOST ZSOCK_NI_MAXHOST
#endif
#ifndef NI_MAXSERV
#define NI_MAXSERV ZSOCK_NI_MAXSERV
#endif

#ifndef EAI_BADFLAGS
#define EAI_BADFLAGS DNS_EAI_BADFLAGS
#endif
#ifndef EAI_NONAME
#define EAI_NONAME DNS_EAI_NONAME
#endif
#ifndef EAI_AGAIN
#define EAI_AGAIN DNS_EAI_AGAIN
#endif
#ifndef EAI_FAIL
#define EAI_FAIL DNS_EAI_FAIL
#endif
#ifndef EAI_NODATA
#define EAI_NODATA DNS_EAI_NODATA
#endif
#ifndef EAI_FAMILY
#define EAI_FAMILY DNS_EAI_FAMILY
#endif
#ifndef EAI_SOCKTYPE
#define EAI_SOCKTYPE DNS_EAI_SOCKTYPE
#endif
#ifndef EAI_SERVICE
#define EAI_SERVICE DNS_EAI_SERVICE
#endif
#ifndef EAI_ADDRFAMILY
#define EAI_ADDRFAMILY DNS_EAI_ADDRFAMILY
#endif
#ifndef EAI_MEMORY
#define EAI_MEMORY DNS_EAI_MEMORY
#endif
#ifndef EAI_SYSTEM
#define EAI_SYSTEM DNS_EAI_SYSTEM
#endif
#ifndef EAI_OVERFLOW
#define EAI_OVERFLOW DNS_EAI_OVERFLOW
#endif
#ifndef EAI_INPROGRESS
#define EAI_INPROGRESS DNS_EAI_INPROGRESS
#endif
#ifndef EAI_CANCELED
#define EAI_CANCELED DNS_EAI_CANCELED
#endif
#ifndef EAI_NOTCANCELED
#define EAI_NOTCANCELED DNS_EAI_NOTCANCELED
#endif
#ifndef EAI_ALLDONE
#define EAI_ALLDONE DNS_EAI_ALLDONE
#endif
#ifndef EAI_IDN_ENCODE
#define EAI_IDN_ENCODE DNS_EAI_IDN_ENCODE
#endif

#endif
