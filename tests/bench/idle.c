/*
 * What memory an idle secure connection takes: a server and a client in
 * processes of their own, which hold many, have moved a byte both ways on each,
 * and then find nothing to do.
 */
#include <stdio.h>
#include <sys/resource.h>

#include <openssl/ssl.h>

#include <zephyr/net/socket.h>
#include <zephyr/net/tls_credentials.h>

#include "bench/bench.h"
#include "bench/hold.h"

#define CONNECTIONS 1000
#define ALL (CONNECTIONS + HOLD_WARM_UP)

static int listener, fds[ALL];
static struct sockaddr_in address;

static void
listen_ours(void)
{
	listener = bench_listen_ours(&address, NET_IPPROTO_TLS_1_2);
	bench_must(zsock_setsockopt(listener, ZSOCK_SOL_TLS,
	               ZSOCK_TLS_SEC_TAG_LIST, &(int){ BENCH_SERVER_TAG },
	               sizeof(int)) == 0,
	    "TLS_SEC_TAG_LIST");
}

static void
serve_ours(int i)
{
	char byte;

	fds[i] = zsock_accept(listener, NULL, NULL);
	bench_must(zsock_recv(fds[i], &byte, 1, 0) == 1 &&
	        zsock_send(fds[i], &byte, 1, 0) == 1,
	    "echo");
}

static void
connect_ours(int i)
{
	char byte = 'x';

	fds[i] = bench_connect_ours(&address);
	bench_must(zsock_send(fds[i], &byte, 1, 0) == 1 &&
	        zsock_recv(fds[i], &byte, 1, 0) == 1,
	    "echo");
}

static void
look_ours(void)
{
	static struct zsock_pollfd all[ALL];

	for (int i = 0; i < ALL; i++)
		all[i] = (struct zsock_pollfd){ .fd = fds[i],
			.events = ZSOCK_POLLIN };
	bench_must(zsock_poll(all, ALL, 1) == 0, "zsock_poll");
}

static const struct hold_way ours = { listen_ours, connect_ours, serve_ours,
	look_ours };

static void
listen_ssl(void)
{
	listener = bench_listen_raw(&address);
}

static void
serve_ssl(int i)
{
	SSL *ssl = SSL_new(bench_server_ctx); /* for as long as the process */
	char byte;

	(void)i;
	SSL_set_fd(ssl, accept(listener, NULL, NULL));
	bench_must(SSL_accept(ssl) == 1 && SSL_read(ssl, &byte, 1) == 1 &&
	        SSL_write(ssl, &byte, 1) == 1,
	    "SSL_accept");
}

static void
connect_ssl(int i)
{
	SSL *ssl = SSL_new(bench_client_ctx);
	const int fd = socket(AF_INET, SOCK_STREAM, 0);
	char byte = 'x';

	(void)i;
	bench_must(connect(fd, (struct sockaddr *)&address, sizeof(address)) ==
	        0,
	    "connect");
	SSL_set_fd(ssl, fd);
	SSL_set1_host(ssl, "localhost");
	bench_must(SSL_connect(ssl) == 1 && SSL_write(ssl, &byte, 1) == 1 &&
	        SSL_read(ssl, &byte, 1) == 1,
	    "SSL_connect");
}

static void
look_ssl(void)
{
}

static const struct hold_way openssl = { listen_ssl, connect_ssl, serve_ssl,
	look_ssl };

static void
row(const char *name, double mine, double base, const char *target)
{
	printf("%-38s %10.3f %10.3f %7.3f   %s\n", name, mine, base,
	    mine / base, target);
}

void
bench_idle(void)
{
	struct rlimit files;
	struct hold_memory mine[2], base[2];

	getrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_cur < ALL + 100) {
		files.rlim_cur = ALL + 100;
		bench_must(setrlimit(RLIMIT_NOFILE, &files) == 0, "setrlimit");
	}
	bench_identities();
	hold_measure(&openssl, CONNECTIONS, base);
	hold_measure(&ours, CONNECTIONS, mine);
	row("idle TLS 1.3 server, KiB", mine[1].resident, base[1].resident,
	    "<= 16 KiB");
	row("idle TLS 1.3 client, KiB", mine[0].resident, base[0].resident,
	    "<= 26 KiB");
}
