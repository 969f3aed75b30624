#include "bench/dtls_openssl.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "bench/dtls.h"
#include "bench/machine.h"
#include "bench/ways.h"

/* Bytes of a datagram of a handshake, as ours has them. */
#define MTU 1232

#define COOKIE_SIZE 32

/* The client's and the server's, without and with a key. */
static SSL_CTX *contexts[2][2];
static unsigned char secret[32];

static unsigned int
give_key(unsigned char *key, unsigned int size)
{
	bench_must(size >= sizeof(DTLS_PSK), "a key");
	memcpy(key, DTLS_PSK, sizeof(DTLS_PSK) - 1);
	return sizeof(DTLS_PSK) - 1;
}

static unsigned int
client_psk(SSL *ssl, const char *hint, char *id, unsigned int id_size,
    unsigned char *key, unsigned int size)
{
	(void)ssl;
	(void)hint;
	bench_must(id_size >= sizeof(DTLS_PSK_ID), "an identity");
	memcpy(id, DTLS_PSK_ID, sizeof(DTLS_PSK_ID));
	return give_key(key, size);
}

static unsigned int
server_psk(SSL *ssl, const char *id, unsigned char *key, unsigned int size)
{
	(void)ssl;
	bench_must(strcmp(id, DTLS_PSK_ID) == 0, "an identity");
	return give_key(key, size);
}

/* Of the client's address, as ours is. */
static int
make_cookie(SSL *ssl, unsigned char *cookie, unsigned int *len)
{
	BIO_ADDR *client = BIO_ADDR_new();
	unsigned char text[sizeof(in_port_t) + sizeof(struct in6_addr)];
	size_t n, mac_len;
	in_port_t port;

	(void)BIO_dgram_get_peer(SSL_get_rbio(ssl), client);
	port = BIO_ADDR_rawport(client);
	memcpy(text, &port, sizeof(port));
	bench_must(BIO_ADDR_rawaddress(client, text + sizeof(port), &n) == 1 &&
	        EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, secret,
	            sizeof(secret), text, sizeof(port) + n, cookie, COOKIE_SIZE,
	            &mac_len) != NULL,
	    "a cookie");
	*len = COOKIE_SIZE;
	BIO_ADDR_free(client);
	return 1;
}

static int
check_cookie(SSL *ssl, const unsigned char *cookie, unsigned int len)
{
	unsigned char wanted[COOKIE_SIZE];
	unsigned int n;

	make_cookie(ssl, wanted, &n);
	return len == n && CRYPTO_memcmp(cookie, wanted, n) == 0;
}

static SSL_CTX *
make_context(const struct dtls_kind *k, bool server)
{
	SSL_CTX *ctx =
	    SSL_CTX_new(server ? DTLS_server_method() : DTLS_client_method());

	bench_must(ctx != NULL &&
	        SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION) == 1 &&
	        SSL_CTX_set_cipher_list(ctx, k->suites) == 1,
	    "SSL_CTX_new");
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_QUERY_MTU);
	SSL_CTX_set_psk_client_callback(ctx, client_psk);
	SSL_CTX_set_psk_server_callback(ctx, server_psk);
	SSL_CTX_set_cookie_generate_cb(ctx, make_cookie);
	SSL_CTX_set_cookie_verify_cb(ctx, check_cookie);
	if (server) {
		SSL_CTX_use_certificate(ctx,
		    SSL_CTX_get0_certificate(bench_server_ctx));
		SSL_CTX_use_PrivateKey(ctx,
		    SSL_CTX_get0_privatekey(bench_server_ctx));
	} else {
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
		X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), bench_ca());
	}
	return ctx;
}

void
dtls_openssl_prepare(void)
{
	for (int server = 0; server < 2; server++) {
		contexts[server][0] = make_context(&dtls_gcm, server);
		contexts[server][1] = make_context(&dtls_ccm_8, server);
	}
	bench_must(RAND_bytes(secret, sizeof(secret)) == 1, "RAND_bytes");
}

/* Over a socket that is connected to peer, or hears everybody. */
static SSL *
make_ssl(const struct dtls_kind *k, bool server, int fd,
    const struct sockaddr_in *peer)
{
	SSL *ssl = SSL_new(contexts[server][k->psk]);
	BIO *bio = BIO_new_dgram(fd, peer != NULL ? BIO_CLOSE : BIO_NOCLOSE);

	bench_must(ssl != NULL && bio != NULL, "SSL_new");
	if (peer != NULL)
		BIO_ctrl_set_connected(bio, (void *)peer);
	SSL_set_bio(ssl, bio, bio);
	SSL_set_mtu(ssl, MTU);
	if (server) {
		SSL_set_accept_state(ssl);
		return ssl;
	}
	SSL_set_connect_state(ssl);
	if (!k->psk)
		bench_must(SSL_set1_host(ssl, "localhost") == 1, "a name");
	return ssl;
}

static void
share_port(int fd)
{
	bench_must(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 },
	               sizeof(int)) == 0,
	    "SO_REUSEADDR");
}

/*
 * At any port if that is 0, which then is nobody else's; others may come to the
 * same port.
 */
static int
bind_raw(struct sockaddr_in *addr)
{
	socklen_t len = sizeof(*addr);
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	const bool share = addr->sin_port != 0;

	bench_must(fd >= 0, "socket");
	if (share)
		share_port(fd);
	bench_must(bind(fd, (struct sockaddr *)addr, len) == 0 &&
	        getsockname(fd, (struct sockaddr *)addr, &len) == 0,
	    "bind");
	if (!share)
		share_port(fd);
	return fd;
}

static void
connect_raw(int fd, const struct sockaddr_in *addr)
{
	bench_must(connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) ==
	        0,
	    "connect");
}

static struct sockaddr_in
any_port(void)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

int
dtls_listen_ssl(struct sockaddr_in *addr)
{
	*addr = any_port();
	return bind_raw(addr);
}

/* A socket of its own, at the listener's port. */
static void
part(SSL *ssl, int listener, BIO_ADDR *client)
{
	struct sockaddr_in addr = any_port(), peer = any_port();
	socklen_t len = sizeof(addr);
	BIO *bio = SSL_get_rbio(ssl);
	int fd;

	getsockname(listener, (struct sockaddr *)&addr, &len);
	fd = bind_raw(&addr);
	peer.sin_port = BIO_ADDR_rawport(client);
	connect_raw(fd, &peer);
	BIO_set_fd(bio, fd, BIO_CLOSE);
	BIO_ctrl_set_connected(bio, (void *)&peer);
}

SSL *
dtls_accept_ssl(const struct dtls_kind *k, int listener, bool share)
{
	SSL *ssl = make_ssl(k, true, listener, NULL);
	BIO_ADDR *client = BIO_ADDR_new();

	while (DTLSv1_listen(ssl, client) != 1)
		continue;
	if (!share)
		part(ssl, listener, client);
	BIO_ADDR_free(client);
	bench_must(SSL_accept(ssl) == 1, "SSL_accept");
	return ssl;
}

SSL *
dtls_connect_ssl(const struct dtls_kind *k, const struct sockaddr_in *addr)
{
	const int fd = socket(AF_INET, SOCK_DGRAM, 0);
	SSL *ssl = make_ssl(k, false, fd, addr);

	connect_raw(fd, addr);
	bench_must(SSL_connect(ssl) == 1, "SSL_connect");
	return ssl;
}

/* A socket that is no longer connected has lost its port, too. */
static void
disconnect(SSL *ssl, int fd, const struct sockaddr_in *own,
    struct sockaddr_in *peer)
{
	const struct sockaddr none = { .sa_family = AF_UNSPEC };
	BIO *bio = SSL_get_rbio(ssl);

	bench_must(connect(fd, &none, sizeof(none)) == 0 &&
	        bind(fd, (const struct sockaddr *)own, sizeof(*own)) == 0,
	    "disconnect");
	BIO_ctrl_set_connected(bio, NULL);
	(void)BIO_dgram_set_peer(bio, (void *)peer);
}

static void
shake_hands(SSL *ends[2])
{
	int a, b;

	do {
		a = SSL_do_handshake(ends[0]);
		b = SSL_do_handshake(ends[1]);
	} while (a != 1 || b != 1);
}

void
dtls_pair_ssl(const struct dtls_kind *k, bool connected, SSL *ends[2])
{
	struct sockaddr_in addr[2] = { any_port(), any_port() };
	int fds[2];

	for (int i = 0; i < 2; i++) {
		fds[i] = bind_raw(&addr[i]);
		fcntl(fds[i], F_SETFL, O_NONBLOCK);
	}
	for (int i = 0; i < 2; i++) {
		connect_raw(fds[i], &addr[!i]);
		ends[i] = make_ssl(k, i == 1, fds[i], &addr[!i]);
	}
	shake_hands(ends);
	for (int i = 0; i < 2; i++)
		fcntl(fds[i], F_SETFL, 0);
	if (!connected)
		disconnect(ends[1], fds[1], &addr[1], &addr[0]);
}

void
dtls_ask_ssl(SSL *ssl)
{
	char byte = 'x';

	bench_must(SSL_write(ssl, &byte, 1) == 1 &&
	        SSL_read(ssl, &byte, 1) == 1,
	    "an answer to OpenSSL");
}

void
dtls_answer_ssl(SSL *ssl)
{
	char byte;

	bench_must(SSL_read(ssl, &byte, 1) == 1 &&
	        SSL_write(ssl, &byte, 1) == 1,
	    "a question to OpenSSL");
}
