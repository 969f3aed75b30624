#include "bench/dtls.h"

#include <unistd.h>

#include <zephyr/net/socket.h>
#include <zephyr/net/tls_credentials.h>
#include <zsock/zsock.h>

#include "bench/bench.h"
#include "bench/dtls_openssl.h"
#include "bench/machine.h"
#include "bench/ways.h"

#define PSK_TAG 8

const struct dtls_kind dtls_gcm = { 0xc02b, "ECDHE-ECDSA-AES128-GCM-SHA256",
	false };
const struct dtls_kind dtls_ccm_8 = { 0xc0a8, "PSK-AES128-CCM8", true };

void
dtls_prepare(unsigned long files)
{
	static bool done;

	bench_must(bench_files(files) >= files, "RLIMIT_NOFILE");
	if (done)
		return;
	done = true;
	bench_identities();
	bench_must(tls_credential_add(PSK_TAG, TLS_CREDENTIAL_PSK, DTLS_PSK,
	               sizeof(DTLS_PSK) - 1) == 0 &&
	        tls_credential_add(PSK_TAG, TLS_CREDENTIAL_PSK_ID, DTLS_PSK_ID,
	            sizeof(DTLS_PSK_ID) - 1) == 0,
	    "tls_credential_add");
	/* Sessions outlive what is measured beside them. */
	bench_must(zsock_set_limit("CONFIG_NET_SOCKETS_DTLS_TIMEOUT", 600000) ==
	        0,
	    "zsock_set_limit");
	dtls_openssl_prepare();
}

static void
set(int fd, int name, int value)
{
	bench_must(zsock_setsockopt(fd, ZSOCK_SOL_TLS, name, &value,
	               sizeof(value)) == 0,
	    "zsock_setsockopt");
}

static int
open_ours(const struct dtls_kind *k, int tag)
{
	const int fd = zsock_socket(AF_INET, SOCK_DGRAM, NET_IPPROTO_DTLS_1_2);

	bench_must(fd >= 0, "zsock_socket");
	set(fd, ZSOCK_TLS_SEC_TAG_LIST, k->psk ? PSK_TAG : tag);
	set(fd, ZSOCK_TLS_CIPHERSUITE_LIST, k->suite);
	return fd;
}

int
dtls_listen_ours(const struct dtls_kind *k, struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	const int fd = open_ours(k, BENCH_SERVER_TAG);

	*addr = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	set(fd, ZSOCK_TLS_DTLS_ROLE, ZSOCK_TLS_DTLS_ROLE_SERVER);
	bench_must(zsock_bind(fd, (struct sockaddr *)addr, len) == 0 &&
	        zsock_getsockname(fd, (struct sockaddr *)addr, &len) == 0,
	    "zsock_bind");
	return fd;
}

int
dtls_connect_ours(const struct dtls_kind *k, const struct sockaddr_in *addr)
{
	const int fd = open_ours(k, BENCH_CA_TAG);

	bench_must(zsock_setsockopt(fd, ZSOCK_SOL_TLS, ZSOCK_TLS_HOSTNAME,
	               "localhost", 9) == 0 &&
	        zsock_connect(fd, (const struct sockaddr *)addr,
	            sizeof(*addr)) == 0,
	    "zsock_connect over DTLS");
	return fd;
}

void
dtls_ask_ours(int fd)
{
	char byte = 'x';

	bench_must(zsock_send(fd, &byte, 1, 0) == 1 &&
	        zsock_recv(fd, &byte, 1, 0) == 1,
	    "an answer over DTLS");
}

void
dtls_answer_ours(int fd, struct sockaddr_in *client)
{
	socklen_t len = sizeof(*client);
	char byte;

	bench_must(zsock_recvfrom(fd, &byte, 1, 0, (struct sockaddr *)client,
	               &len) == 1 &&
	        zsock_sendto(fd, &byte, 1, 0, (struct sockaddr *)client, len) ==
	            1,
	    "a question over DTLS");
}

void
bench_dtls(void)
{
	dtls_datagrams();
	dtls_handshakes();
	dtls_idle();
}
