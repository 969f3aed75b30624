#ifndef SOAK_SOAK_H
#define SOAK_SOAK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <zephyr/net/socket.h>

#include "support/pki.h"

/*
 * Many connections of all kinds for a long time, in several threads, with
 * trouble: peers that are killed, sockets that other threads close, options
 * and credentials that change meanwhile.
 */
enum soak_kind {
	SOAK_TCP,
	SOAK_TLS_1_2,
	SOAK_TLS_1_3,
	SOAK_TLS_1_2_PSK,
	SOAK_TLS_1_3_PSK,
	SOAK_UDP,
	SOAK_DTLS,
	SOAK_SERVERS, /* those above have a server */
	SOAK_PAIR = SOAK_SERVERS,
	SOAK_EVENT,
	SOAK_KINDS
};

struct soak_row {
	const char *name;
	int type, proto, suite;
	int server_tag, client_tag;
};

extern const struct soak_row soak_rows[SOAK_SERVERS];

#define SOAK_CA 1
#define SOAK_SERVER 2
#define SOAK_PSK 3

/* Set before the first thread starts. */
extern uint64_t soak_seed;
extern unsigned soak_rate; /* operations a second of all clients; 0: any */
extern struct sockaddr_in soak_addrs[SOAK_SERVERS];
extern struct pki soak_pki;

/* Counted by all. */
extern atomic_bool soak_stop;
extern atomic_ulong soak_operations, soak_connections, soak_failures,
    soak_kills, soak_closes, soak_changes, soak_mismatches;

/* A thread's own numbers. */
struct soak_random {
	uint64_t state;
};

struct soak_random soak_random_of(unsigned thread);
uint32_t soak_random(struct soak_random *r, uint32_t below);

/*
 * Numbers are given out under this, shared; whoever has it alone may have a
 * socket closed by another thread and be sure that nobody gets its number.
 */
extern pthread_rwlock_t soak_numbers;

/* Content is wrong, or something else that may never be. */
void soak_wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* A set-up that cannot be had ends the program. */
void soak_must(bool good, const char *what);

/* Starts the threads; join waits for their end, after soak_stop. */
#define SOAK_CLIENT_THREADS 4
#define SOAK_CONNECTIONS 200
void soak_start_servers(void);
void soak_join_servers(void);
void soak_start_clients(void);
void soak_join_clients(void);
void soak_start_trouble(void);
void soak_join_trouble(void);

/* A thread that must start. */
pthread_t soak_thread(void *(*fn)(void *), void *arg);

#endif
