/* Connections on loopback, three ways; both ends by one thread but for ours. */
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <netinet/tcp.h>

#include <zephyr/net/socket.h>
#include <zephyr/net/tls_credentials.h>

#include "bench/machine.h"
#include "bench/ways.h"

void
bench_no_delay(int kfd)
{
	bench_must(setsockopt(kfd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 },
	               sizeof(int)) == 0,
	    "TCP_NODELAY");
}

int
bench_listen_raw(struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	*addr = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	bench_must(fd >= 0 && bind(fd, (struct sockaddr *)addr, len) == 0 &&
	        listen(fd, 16) == 0 &&
	        getsockname(fd, (struct sockaddr *)addr, &len) == 0,
	    "listen");
	return fd;
}

int
bench_connect_raw(const struct sockaddr_in *addr)
{
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	bench_must(fd >= 0 &&
	        connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0,
	    "connect");
	return fd;
}

void
ways_connect_raw(struct bench_end ends[2])
{
	struct sockaddr_in addr;
	const int listener = bench_listen_raw(&addr);

	ends[0] = (struct bench_end){ .fd = bench_connect_raw(&addr) };
	ends[1] = (struct bench_end){ .fd = accept(listener, NULL, NULL) };
	bench_must(ends[1].fd >= 0, "accept");
	close(listener);
	/* Or OpenSSL's several sends a write would wait for each other. */
	for (int i = 0; i < 2; i++)
		bench_no_delay(ends[i].fd);
}

void
ways_close_raw(struct bench_end ends[2])
{
	for (int i = 0; i < 2; i++) {
		SSL_free(ends[i].ssl);
		close(ends[i].fd);
	}
}

int
bench_listen_ours(struct sockaddr_in *addr, int proto)
{
	socklen_t len = sizeof(*addr);
	const int fd = zsock_socket(AF_INET, SOCK_STREAM, proto);

	*addr = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	bench_must(fd >= 0 &&
	        zsock_bind(fd, (struct sockaddr *)addr, len) == 0 &&
	        zsock_listen(fd, 16) == 0 &&
	        zsock_getsockname(fd, (struct sockaddr *)addr, &len) == 0,
	    "zsock_listen");
	return fd;
}

static void
no_delay_ours(const struct bench_end ends[2])
{
	for (int i = 0; i < 2; i++)
		bench_must(zsock_setsockopt(ends[i].fd, IPPROTO_TCP,
		               TCP_NODELAY, &(int){ 1 }, sizeof(int)) == 0,
		    "TCP_NODELAY of ours");
}

void
ways_connect_plain(struct bench_end ends[2])
{
	struct sockaddr_in addr;
	const int listener = bench_listen_ours(&addr, 0);

	ends[0] =
	    (struct bench_end){ .fd = zsock_socket(AF_INET, SOCK_STREAM, 0) };
	bench_must(zsock_connect(ends[0].fd, (struct sockaddr *)&addr,
	               sizeof(addr)) == 0,
	    "zsock_connect");
	ends[1] =
	    (struct bench_end){ .fd = zsock_accept(listener, NULL, NULL) };
	bench_must(ends[1].fd >= 0, "zsock_accept");
	zsock_close(listener);
	no_delay_ours(ends);
}

void
ways_close_ours(struct bench_end ends[2])
{
	zsock_close(ends[0].fd);
	zsock_close(ends[1].fd);
}

/* Both handshakes in one thread need OpenSSL not to block. */
void
ways_connect_openssl(struct bench_end ends[2])
{
	int a, b;

	ways_connect_raw(ends);
	ends[0].ssl = SSL_new(bench_client_ctx);
	ends[1].ssl = SSL_new(bench_server_ctx);
	for (int i = 0; i < 2; i++) {
		SSL_set_fd(ends[i].ssl, ends[i].fd);
		fcntl(ends[i].fd, F_SETFL, O_NONBLOCK);
	}
	SSL_set_ciphersuites(ends[0].ssl, BENCH_SUITE_NAME);
	SSL_set1_host(ends[0].ssl, "localhost");
	SSL_set_connect_state(ends[0].ssl);
	SSL_set_accept_state(ends[1].ssl);
	do {
		a = SSL_do_handshake(ends[0].ssl);
		b = SSL_do_handshake(ends[1].ssl);
	} while (a != 1 || b != 1);
	for (int i = 0; i < 2; i++)
		fcntl(ends[i].fd, F_SETFL, 0);
}

void
bench_set_tls(int fd, int name, const void *val, size_t len)
{
	bench_must(zsock_setsockopt(fd, ZSOCK_SOL_TLS, name, val,
	               (net_socklen_t)len) == 0,
	    "zsock_setsockopt");
}

int
bench_connect_ours(const struct sockaddr_in *addr)
{
	const int fd = zsock_socket(AF_INET, SOCK_STREAM, NET_IPPROTO_TLS_1_2);

	bench_set_tls(fd, ZSOCK_TLS_SEC_TAG_LIST, &(int){ BENCH_CA_TAG },
	    sizeof(int));
	bench_set_tls(fd, ZSOCK_TLS_HOSTNAME, "localhost", 9);
	bench_set_tls(fd, ZSOCK_TLS_CIPHERSUITE_LIST, &(int){ BENCH_SUITE },
	    sizeof(int));
	bench_must(zsock_connect(fd, (const struct sockaddr *)addr,
	               sizeof(*addr)) == 0,
	    "zsock_connect over TLS");
	return fd;
}

struct accept_job {
	int listener, fd;
};

static void *
accept_tls(void *arg)
{
	struct accept_job *job = arg;

	job->fd = zsock_accept(job->listener, NULL, NULL);
	return NULL;
}

/* Our handshake blocks in connect and accept, hence a thread for one end. */
void
ways_connect_tls(struct bench_end ends[2])
{
	struct sockaddr_in addr;
	struct accept_job job = {
		.listener = bench_listen_ours(&addr, NET_IPPROTO_TLS_1_2),
	};
	pthread_t thread;

	bench_set_tls(job.listener, ZSOCK_TLS_SEC_TAG_LIST,
	    &(int){ BENCH_SERVER_TAG }, sizeof(int));
	pthread_create(&thread, NULL, accept_tls, &job);
	ends[0] = (struct bench_end){ .fd = bench_connect_ours(&addr) };
	pthread_join(thread, NULL);
	ends[1] = (struct bench_end){ .fd = job.fd };
	bench_must(job.fd >= 0, "zsock_accept over TLS");
	zsock_close(job.listener);
	no_delay_ours(ends);
}
