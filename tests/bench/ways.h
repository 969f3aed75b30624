#ifndef BENCH_WAYS_H
#define BENCH_WAYS_H

#include <netinet/in.h>
#include <stddef.h>

#include <openssl/ssl.h>

/* One end of a connection: ours, the kernel's, or OpenSSL's. */
struct bench_end {
	int fd;
	SSL *ssl;
	BIO *network; /* the other end of a BIO pair: bare.h */
};

/* How bytes are moved, all of n, received by at most size at once. */
struct bench_way {
	void (*send)(const struct bench_end *e, size_t n);
	void (*recv)(const struct bench_end *e, size_t n, size_t size);
};

extern const struct bench_way ways_ours, ways_raw, ways_openssl;

#define WAYS_SIZE_MAX 65536

/* Client and server, with TCP_NODELAY; TLS 1.3 is with AES-128-GCM. */
void ways_connect_plain(struct bench_end ends[2]);
void ways_connect_raw(struct bench_end ends[2]);
void ways_connect_tls(struct bench_end ends[2]);
void ways_connect_openssl(struct bench_end ends[2]);
void ways_close_ours(struct bench_end ends[2]);
void ways_close_raw(struct bench_end ends[2]);

/* On loopback, at a port of the kernel's choice; a connected TLS client. */
int bench_listen_raw(struct sockaddr_in *addr);
int bench_listen_ours(struct sockaddr_in *addr, int proto);
int bench_connect_ours(const struct sockaddr_in *addr);
int bench_connect_raw(const struct sockaddr_in *addr);

/* An option of level SOL_TLS. */
void bench_set_tls(int fd, int name, const void *val, size_t len);

/* What each send has waited for otherwise. */
void bench_no_delay(int kfd);

/* A CA and a server's identity: in the store, and in OpenSSL's contexts. */
#define BENCH_CA_TAG 1
#define BENCH_SERVER_TAG 2
#define BENCH_SUITE 0x1301
#define BENCH_SUITE_NAME "TLS_AES_128_GCM_SHA256"
extern SSL_CTX *bench_client_ctx, *bench_server_ctx;
void bench_identities(void);
X509 *bench_ca(void); /* the CA's certificate; not the caller's */

#endif
