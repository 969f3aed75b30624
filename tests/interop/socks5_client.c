/*
 * Connects through a SOCKS5 proxy, sends its standard input, and copies what
 * comes back to its standard output: as many bytes as it sent, or until the
 * end if the connection is secure.
 *
 * usage: socks5_client ADDRESS PROXY_PORT PORT [CA_FILE]
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zephyr/net/socket.h>
#include <zephyr/net/tls_credentials.h>

#define CA_TAG 1

static int
fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerrorname_np(errno));
	return 1;
}

/* The address with the port of a decimal string; the length, or 0. */
static net_socklen_t
make_address(struct net_sockaddr_storage *to, const char *text,
    const char *port)
{
	struct net_sockaddr_in *in = (struct net_sockaddr_in *)to;
	struct net_sockaddr_in6 *in6 = (struct net_sockaddr_in6 *)to;

	memset(to, 0, sizeof(*to));
	in->sin_port = htons((unsigned short)atoi(port));
	if (zsock_inet_pton(NET_AF_INET, text, &in->sin_addr) == 1) {
		in->sin_family = NET_AF_INET;
		return sizeof(*in);
	}
	if (zsock_inet_pton(NET_AF_INET6, text, &in6->sin6_addr) == 1) {
		in6->sin6_family = NET_AF_INET6;
		return sizeof(*in6);
	}
	return 0;
}

/* Trusts what is in the file, and looks at no name. */
static int
make_secure(int sock, const char *file)
{
	static char pem[65536];
	const sec_tag_t tag = CA_TAG;
	FILE *f = fopen(file, "r");
	size_t len;

	if (f == NULL)
		return -1;
	len = fread(pem, 1, sizeof(pem) - 1, f);
	fclose(f);
	pem[len] = '\0';
	if (tls_credential_add(CA_TAG, TLS_CREDENTIAL_CA_CERTIFICATE, pem,
	        len + 1) < 0)
		return -1;
	if (zsock_setsockopt(sock, ZSOCK_SOL_TLS, ZSOCK_TLS_SEC_TAG_LIST, &tag,
	        sizeof(tag)) != 0)
		return -1;
	return zsock_setsockopt(sock, ZSOCK_SOL_TLS, ZSOCK_TLS_HOSTNAME, NULL,
	    0);
}

static int
send_all(int sock, const char *data, size_t len)
{
	while (len > 0) {
		const ssize_t n = zsock_send(sock, data, len, 0);

		if (n < 0)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* At most so many bytes. */
static int
copy(int sock, size_t left)
{
	char buf[4096];
	ssize_t n;

	while (left > 0) {
		n = zsock_recv(sock, buf,
		    left < sizeof(buf) ? left : sizeof(buf), 0);
		if (n < 0)
			return -1;
		if (n == 0)
			return 0;
		fwrite(buf, 1, (size_t)n, stdout);
		left -= (size_t)n;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	static char text[65536];
	struct net_sockaddr_storage proxy, to;
	const size_t len = fread(text, 1, sizeof(text), stdin);
	net_socklen_t alen;
	int sock;

	if (argc != 4 && argc != 5)
		return 2;
	alen = make_address(&proxy, argv[1], argv[2]);
	if (alen == 0 || make_address(&to, argv[1], argv[3]) != alen)
		return 2;
	sock = zsock_socket(proxy.ss_family, NET_SOCK_STREAM,
	    argc == 5 ? NET_IPPROTO_TLS_1_2 : NET_IPPROTO_TCP);
	if (sock < 0)
		return fail("socket");
	if (argc == 5 && make_secure(sock, argv[4]) != 0)
		return fail("credentials");
	if (zsock_setsockopt(sock, ZSOCK_SOL_SOCKET, ZSOCK_SO_SOCKS5, &proxy,
	        alen) != 0)
		return fail("SO_SOCKS5");
	if (zsock_connect(sock, (struct net_sockaddr *)&to, alen) != 0)
		return fail("connect");
	if (send_all(sock, text, len) != 0)
		return fail("send");
	if (copy(sock, argc == 5 ? (size_t)-1 : len) != 0)
		return fail("recv");
	return zsock_close(sock) == 0 ? 0 : fail("close");
}
