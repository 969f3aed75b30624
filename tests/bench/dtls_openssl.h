#ifndef BENCH_DTLS_OPENSSL_H
#define BENCH_DTLS_OPENSSL_H

/* The key that both sides know. */
#define DTLS_PSK_ID "a device"
#define DTLS_PSK "0123456789abcdef"

/* OpenSSL's half of dtls_prepare. */
void dtls_openssl_prepare(void);

#endif
