#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include <openssl/ssl.h>

/*
 * Each row is measured so often, ours and the baseline in turn: many short
 * rounds, so that what else the machine does meanwhile meets both.
 */
#define BENCH_ROUNDS 31

/* Ends the program if what was tried did not work. */
void bench_must(bool good, const char *what);

/* Nanoseconds of the processor, of a process's or a thread's clock. */
double bench_cpu_ns(clockid_t clock);

/*
 * One row: nanoseconds an operation takes, a value for each round; the medians
 * and the median of the rounds' ratios are printed.
 */
void bench_print(const char *name, double *mine, double *base, double *ratio,
    const char *target);

/* One end of a connection: ours, the kernel's, or OpenSSL's. */
struct bench_end {
	int fd;
	SSL *ssl;
};

/* How bytes are moved, all of n: one table per way. */
struct bench_way {
	void (*send)(const struct bench_end *e, size_t n);
	void (*recv)(const struct bench_end *e, size_t n);
};

extern const struct bench_way bench_ours, bench_openssl;

/* A CA and a server's identity: in the store, and in OpenSSL's contexts. */
#define BENCH_CA_TAG 1
#define BENCH_SERVER_TAG 2
extern SSL_CTX *bench_client_ctx, *bench_server_ctx;
void bench_identities(void);
X509 *bench_ca(void); /* the CA's certificate; not the caller's */

/* On loopback, at a port of the kernel's choice; a connected TLS client. */
int bench_listen_raw(struct sockaddr_in *addr);
int bench_listen_ours(struct sockaddr_in *addr, int proto);
int bench_connect_ours(const struct sockaddr_in *addr);

/*
 * Rows of streams of TLS over connections that are ready, the first end's bytes
 * to the second.
 */
void bench_streams(struct bench_end mine[2], struct bench_end base[2]);

/*
 * Rows of the fd table, of poll over 1 to 10,000 sockets, of handshakes, of
 * idle memory, of programs under the preload library.
 */
void bench_handshakes(void);
void bench_table(void);
void bench_poll(void);
void bench_idle(void);
void bench_shim(void);

#endif
