/*
 * Firmware of the years before 4.4, firmware mode: plain names, the seed's
 * header paths, an IPv6 address in a struct sockaddr by value, and functions
 * with names that Linux has in <unistd.h> and <fcntl.h>.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <net/socket.h>
#include <net/tls_credentials.h>

static int
read(const char *data, int offset)
{
	return data[offset];
}

static int
open(struct sockaddr *to)
{
	return to->sa_family;
}

static const struct in_addr group = { { { 224, 0, 0, 251 } } };
static struct sockaddr_in6 any6 = {
	.sin6_family = AF_INET6,
	.sin6_port = htons(4242),
	.sin6_addr = IN6ADDR_ANY_INIT,
};
static struct sockaddr_in any4 = {
	.sin_family = AF_INET,
	.sin_addr = INADDR_ANY_INIT,
};

int old_era(void);

int
old_era(void)
{
	struct sockaddr addr = { 0 };
	struct sockaddr_in6 *addr6 = (struct sockaddr_in6 *)(void *)&addr;
	sec_tag_t tags[] = { 1, 2 };
	int verify = TLS_PEER_VERIFY_OPTIONAL, sock;

	_Static_assert(sizeof(addr) >= sizeof(*addr6), "an address by value");
	memcpy(&addr, &any6, sizeof(any6));
	addr6->sin6_addr.s6_addr32[3] = htonl(1);
	addr.data[0] = 0;
	sock = zsock_socket(AF_INET6, SOCK_STREAM, IPPROTO_TLS_1_2);
	zsock_setsockopt(sock, SOL_TLS, TLS_SEC_TAG_LIST, tags, sizeof(tags));
	zsock_setsockopt(sock, SOL_TLS, TLS_HOSTNAME, "x", 2);
	zsock_setsockopt(sock, SOL_TLS, TLS_PEER_VERIFY, &verify, 4);
	tls_credential_add(1, TLS_CREDENTIAL_SERVER_CERTIFICATE, "", 0);
	if (net_ntohs(any6.sin6_port) != 4242 || !any4.sin_family)
		return open(&addr);
	if (IN6_IS_ADDR_LOOPBACK(&addr6->sin6_addr))
		return read("text", 1) + group.s4_addr[0];
	return zsock_connect(sock, &addr, sizeof(struct sockaddr_in6));
}
