#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>

/*
 * The parts: each reports its rows.  Plain sockets; the fd table; poll over 1
 * to 10,000 sockets; streams of TLS; handshakes, by OpenSSL as well, and by its
 * programs; idle memory; datagrams; programs under the preload library; the
 * least that the same can cost without the library.
 */
void bench_plain(void);
void bench_table(void);
void bench_poll(void);
void bench_tls(void);
void bench_handshakes(void);
void bench_s_time(void);
void bench_idle(void);
void bench_dtls(void);
void bench_shim(void);
void bench_bare(void);

/* How costs grow with the number of things; as JSON, or for people. */
void bench_scale(bool json);

#endif
