/*
 * What memory an idle secure connection takes: a server and a client in
 * processes of their own, which hold many, have moved a byte both ways on each,
 * and then find nothing to do.
 */
#include <unistd.h>

#include <openssl/ssl.h>

#include <zephyr/net/socket.h>
#include <zephyr/net/tls_credentials.h>

#include "bench/bench.h"
#include "bench/hold.h"
#include "bench/machine.h"
#include "bench/row.h"
#include "bench/ways.h"

#define CONNECTIONS 1000
#define ALL (CONNECTIONS + HOLD_WARM_UP)

static bool older; /* TLS 1.2 */
static int listener, fds[ALL];
static struct sockaddr_in address;

static void
listen_ours(void)
{
	listener = bench_listen_ours(&address, NET_IPPROTO_TLS_1_2);
	bench_set_tls(listener, ZSOCK_TLS_SEC_TAG_LIST,
	    &(int){ BENCH_SERVER_TAG }, sizeof(int));
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
	const int suite = older ? 0xc02b : BENCH_SUITE;
	char byte = 'x';

	fds[i] = zsock_socket(AF_INET, SOCK_STREAM, NET_IPPROTO_TLS_1_2);
	bench_set_tls(fds[i], ZSOCK_TLS_SEC_TAG_LIST, &(int){ BENCH_CA_TAG },
	    sizeof(int));
	bench_set_tls(fds[i], ZSOCK_TLS_HOSTNAME, "localhost", 9);
	bench_set_tls(fds[i], ZSOCK_TLS_CIPHERSUITE_LIST, &suite,
	    sizeof(suite));
	bench_must(zsock_connect(fds[i], (struct sockaddr *)&address,
	               sizeof(address)) == 0 &&
	        zsock_send(fds[i], &byte, 1, 0) == 1 &&
	        zsock_recv(fds[i], &byte, 1, 0) == 1,
	    "a connection of ours");
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

static void
unlisten_ours(void)
{
	zsock_close(listener);
}

static const struct hold_way ours = { listen_ours, connect_ours, serve_ours,
	look_ours, unlisten_ours };

static void
listen_ssl(void)
{
	listener = bench_listen_raw(&address);
}

static void
serve_ssl(int i)
{
	SSL *ssl = SSL_new(bench_server_ctx); /* for as long as the process */
	const int fd = accept(listener, NULL, NULL);
	char byte;

	(void)i;
	bench_no_delay(fd); /* or each byte would wait 40 ms */
	SSL_set_fd(ssl, fd);
	bench_must(SSL_accept(ssl) == 1 && SSL_read(ssl, &byte, 1) == 1 &&
	        SSL_write(ssl, &byte, 1) == 1,
	    "SSL_accept");
}

static void
connect_ssl(int i)
{
	SSL *ssl = SSL_new(bench_client_ctx);
	const int fd = bench_connect_raw(&address);
	char byte = 'x';

	(void)i;
	if (older) {
		SSL_set_max_proto_version(ssl, TLS1_2_VERSION);
		SSL_set_cipher_list(ssl, "ECDHE-ECDSA-AES128-GCM-SHA256");
	}
	SSL_set_ciphersuites(ssl, BENCH_SUITE_NAME);
	bench_no_delay(fd);
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

static void
unlisten_ssl(void)
{
	close(listener);
}

static const struct hold_way openssl = { listen_ssl, connect_ssl, serve_ssl,
	look_ssl, unlisten_ssl };

/* A row of the server, and the next of the client. */
static void
rows(enum bench_row row)
{
	const int n = row_rounds(HOLD_ROUNDS);
	double mine[2][ROW_ROUNDS_MAX], base[2][ROW_ROUNDS_MAX];
	struct hold_memory each[2];

	for (int i = 0; i < n; i++) {
		hold_measure(&openssl, CONNECTIONS, each);
		for (int end = 0; end < 2; end++)
			base[end][i] = each[end].resident;
		hold_measure(&ours, CONNECTIONS, each);
		for (int end = 0; end < 2; end++)
			mine[end][i] = each[end].resident;
	}
	row_report(row, mine[1], base[1], n);
	row_report(row + 1, mine[0], base[0], n);
}

void
bench_idle(void)
{
	bench_must(bench_files(ALL + 100) >= ALL + 100, "RLIMIT_NOFILE");
	bench_identities();
	bench_unpin();
	older = false;
	rows(ROW_IDLE_SERVER_1_3);
	older = true;
	rows(ROW_IDLE_SERVER_1_2);
}
