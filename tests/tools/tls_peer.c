/*
 * One end of a connection, written as firmware is: its credentials come from
 * elsewhere, and it knows their sec_tags only.  For the scripts beside it.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zephyr/net/socket.h>
#include <zephyr/net/tls_credentials.h>

#include "support.h"

#define TAGS_MAX 4

static const char usage[] =
    "usage: tls_peer server TAG...\n"
    "       tls_peer client HOST PORT TAG...\n"
    "\n"
    "The server prints \"listening on PORT\", takes one client on loopback, "
    "of\n"
    "which it wants a certificate or a pre-shared key, and sends back what it\n"
    "gets.  The client sends a byte, and wants it back from HOST.  Each ends\n"
    "with 0 if that was so, with 1 and the reason if not.\n";

static bool
read_tags(int n, char **texts, sec_tag_t *tags)
{
	if (n < 1 || n > TAGS_MAX)
		return complain("1 to %d sec_tags are needed", TAGS_MAX);
	for (int i = 0; i < n; i++)
		tags[i] = (sec_tag_t)strtol(texts[i], NULL, 10);
	return true;
}

static bool
set_tags(int sock, const sec_tag_t *tags, int n)
{
	return set_option(sock, ZSOCK_SOL_TLS, ZSOCK_TLS_SEC_TAG_LIST, tags,
	    (size_t)n * sizeof(*tags), "TLS_SEC_TAG_LIST");
}

static bool
echo(int sock)
{
	char c;
	const ssize_t n = zsock_recv(sock, &c, 1, 0);

	if (n < 0)
		return complain("recv: %s", errno_text(errno));
	if (n == 0)
		return complain("the client left");
	return send_all(sock, &c, 1);
}

static bool
serve(const sec_tag_t *tags, int n)
{
	const int verify = TLS_PEER_VERIFY_REQUIRED;
	const int listener =
	    bind_address("127.0.0.1", 0, NET_SOCK_STREAM, NET_IPPROTO_TLS_1_2);
	int sock;
	bool good;

	if (listener < 0 || !set_tags(listener, tags, n) ||
	    !set_option(listener, ZSOCK_SOL_TLS, ZSOCK_TLS_PEER_VERIFY, &verify,
	        sizeof(verify), "TLS_PEER_VERIFY"))
		return false;
	if (zsock_listen(listener, 1) < 0)
		return complain("listen: %s", errno_text(errno));
	if (!tell_port(listener))
		return false;
	sock = zsock_accept(listener, NULL, NULL);
	if (sock < 0)
		return complain("accept: %s", errno_text(errno));
	good = echo(sock);
	zsock_close(sock);
	zsock_close(listener);
	return good;
}

static bool
ask(int sock)
{
	char c = 'z';
	ssize_t n;

	if (!send_all(sock, &c, 1))
		return false;
	n = zsock_recv(sock, &c, 1, 0);
	if (n < 0)
		return complain("recv: %s", errno_text(errno));
	if (n == 0 || c != 'z')
		return complain("the server did not send it back");
	return true;
}

static bool
visit(const char *host, int port, const sec_tag_t *tags, int n)
{
	struct net_sockaddr_in addr = { .sin_family = NET_AF_INET,
		.sin_port = net_htons((uint16_t)port) };
	const int sock =
	    zsock_socket(NET_AF_INET, NET_SOCK_STREAM, NET_IPPROTO_TLS_1_2);
	bool good;

	zsock_inet_pton(NET_AF_INET, "127.0.0.1", &addr.sin_addr);
	if (sock < 0)
		return complain("socket: %s", errno_text(errno));
	if (!set_tags(sock, tags, n) ||
	    !set_option(sock, ZSOCK_SOL_TLS, ZSOCK_TLS_HOSTNAME, host,
	        strlen(host) + 1, "TLS_HOSTNAME"))
		return false;
	if (zsock_connect(sock, (struct net_sockaddr *)&addr, sizeof(addr)) < 0)
		return complain("connect: %s", errno_text(errno));
	good = ask(sock);
	zsock_close(sock);
	return good;
}

int
main(int argc, char **argv)
{
	sec_tag_t tags[TAGS_MAX];
	int port;

	program = "tls_peer";
	if (argc > 2 && strcmp(argv[1], "server") == 0 &&
	    read_tags(argc - 2, argv + 2, tags))
		return !serve(tags, argc - 2);
	if (argc > 4 && strcmp(argv[1], "client") == 0 &&
	    parse_port(argv[3], 1, &port) &&
	    read_tags(argc - 4, argv + 4, tags))
		return !visit(argv[2], port, tags, argc - 4);
	fputs(usage, stderr);
	return 2;
}
