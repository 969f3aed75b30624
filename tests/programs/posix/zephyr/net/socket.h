#ifndef POSIX_ZEPHYR_NET_SOCKET_H
#define POSIX_ZEPHYR_NET_SOCKET_H

/*
 * The examples as ordinary Linux programs: each of Zephyr's names is that of
 * Linux, and only the protocol numbers and the level and options of TLS are
 * Zephyr's.  Nothing of libzsock is included or linked; who runs them under
 * zsock-run has secure sockets, and anybody else EPROTONOSUPPORT.
 */

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define zsock_socket socket
#define zsock_bind bind
#define zsock_listen listen
#define zsock_accept accept
#define zsock_connect connect
#define zsock_close close
#define zsock_send send
#define zsock_sendto sendto
#define zsock_recv recv
#define zsock_recvfrom recvfrom
#define zsock_poll poll
#define zsock_getsockname getsockname
#define zsock_getsockopt getsockopt
#define zsock_setsockopt setsockopt
#define zsock_getaddrinfo getaddrinfo
#define zsock_freeaddrinfo freeaddrinfo
#define zsock_gai_strerror gai_strerror
#define zsock_inet_pton inet_pton
#define zsock_inet_ntop inet_ntop
#define zsock_addrinfo addrinfo
#define zsock_pollfd pollfd
#define zsock_timeval timeval

#define net_sockaddr sockaddr
#define net_sockaddr_in sockaddr_in
#define net_sockaddr_in6 sockaddr_in6
#define net_in6_addr in6_addr
#define net_socklen_t socklen_t
#define net_htons htons
#define net_ntohs ntohs

#define NET_AF_UNSPEC AF_UNSPEC
#define NET_AF_INET AF_INET
#define NET_AF_INET6 AF_INET6
#define NET_SOCK_STREAM SOCK_STREAM
#define NET_SOCK_DGRAM SOCK_DGRAM
#define NET_INET6_ADDRSTRLEN INET6_ADDRSTRLEN
#define ZSOCK_POLLIN POLLIN
#define ZSOCK_MSG_DONTWAIT MSG_DONTWAIT
#define ZSOCK_MSG_TRUNC MSG_TRUNC
#define ZSOCK_SOL_SOCKET SOL_SOCKET
#define ZSOCK_SO_RCVTIMEO SO_RCVTIMEO
#define ZSOCK_SO_SNDTIMEO SO_SNDTIMEO

#define NET_IPPROTO_TLS_1_2 258
#define NET_IPPROTO_DTLS_1_2 273
#define ZSOCK_SOL_TLS 282
#define ZSOCK_TLS_SEC_TAG_LIST 1
#define ZSOCK_TLS_HOSTNAME 2
#define ZSOCK_TLS_CIPHERSUITE_LIST 3
#define ZSOCK_TLS_CIPHERSUITE_USED 4
#define ZSOCK_TLS_PEER_VERIFY 5
#define ZSOCK_TLS_DTLS_ROLE 6
#define ZSOCK_TLS_CERT_VERIFY_RESULT 19
#define ZSOCK_TLS_DTLS_ROLE_SERVER 1
#define TLS_PEER_VERIFY_REQUIRED 2

#include <zephyr/net/tls_credentials.h>

#endif
