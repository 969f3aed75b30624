/*
 * What memory an idle secure connection takes: a server and a client in
 * processes of their own, which hold many, have moved a byte both ways on each,
 * and then find nothing to do.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include <zephyr/net/socket.h>
#include <zephyr/net/tls_credentials.h>

#include "bench/bench.h"

#define CONNECTIONS 1000
#define WARM_UP 8 /* which fill the caches, and do not count */
#define ALL (CONNECTIONS + WARM_UP)

/* One way to have a connection: its ends, and a byte there and back. */
struct holder {
	void (*serve)(int i);
	void (*connect)(int i);
	void (*look)(void); /* at all of them, in vain */
	int (*listen)(struct sockaddr_in *addr);
};

static int listener, fds[ALL];
static struct sockaddr_in address;

static int
listen_ours(struct sockaddr_in *addr)
{
	const int fd = bench_listen_ours(addr, NET_IPPROTO_TLS_1_2);

	bench_must(zsock_setsockopt(fd, ZSOCK_SOL_TLS, ZSOCK_TLS_SEC_TAG_LIST,
	               &(int){ BENCH_SERVER_TAG }, sizeof(int)) == 0,
	    "TLS_SEC_TAG_LIST");
	return fd;
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

static const struct holder ours = { serve_ours, connect_ours, look_ours,
	listen_ours };

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

static const struct holder openssl = { serve_ssl, connect_ssl, look_ssl,
	bench_listen_raw };

/* What of this process is in memory, in KiB. */
static double
resident(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long size, pages = 0;

	bench_must(file != NULL && fscanf(file, "%ld %ld", &size, &pages) == 2,
	    "/proc/self/statm");
	fclose(file);
	return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1024;
}

/* Has all connections by make, says what one takes, waits to be ended. */
static void
hold(const struct holder *h, void (*make)(int), int out)
{
	double before = 0, each;

	for (int i = 0; i < ALL; i++) {
		if (i == WARM_UP)
			before = resident();
		make(i);
	}
	h->look();
	each = (resident() - before) / CONNECTIONS;
	bench_must(write(out, &each, sizeof(each)) == sizeof(each), "write");
	pause();
	_exit(0);
}

/* KiB of the server and of the client for each connection. */
static void
measure(const struct holder *h, double each[2])
{
	pid_t children[2];
	int pipes[2][2], server;

	listener = h->listen(&address);
	for (server = 1; server >= 0; server--) {
		bench_must(pipe(pipes[server]) == 0, "pipe");
		children[server] = fork();
		if (children[server] == 0)
			hold(h, server ? h->serve : h->connect,
			    pipes[server][1]);
		close(pipes[server][1]);
	}
	for (int i = 0; i < 2; i++) {
		bench_must(read(pipes[i][0], &each[i], sizeof(each[i])) ==
		        sizeof(each[i]),
		    "read");
		close(pipes[i][0]);
	}
	for (int i = 0; i < 2; i++) {
		kill(children[i], SIGKILL);
		waitpid(children[i], NULL, 0);
	}
}

void
bench_idle(void)
{
	struct rlimit files;
	double mine[2], base[2];

	getrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_cur < ALL + 100) {
		files.rlim_cur = ALL + 100;
		bench_must(setrlimit(RLIMIT_NOFILE, &files) == 0, "setrlimit");
	}
	bench_identities();
	measure(&openssl, base);
	measure(&ours, mine);
	printf("%-38s %10.3f %10.3f %7.3f   %s\n", "idle TLS 1.3 server, KiB",
	    mine[1], base[1], mine[1] / base[1], "<= 16 KiB");
	printf("%-38s %10.3f %10.3f %7.3f   %s\n", "idle TLS 1.3 client, KiB",
	    mine[0], base[0], mine[0] / base[0], "<= 26 KiB");
}
