#ifndef POSIX_ZEPHYR_NET_TLS_CREDENTIALS_H
#define POSIX_ZEPHYR_NET_TLS_CREDENTIALS_H

#include <errno.h>
#include <stddef.h>

/*
 * The store is in the library that zsock-run brings along, and --creds fills
 * it; a program that is not linked with libzsock cannot reach it.
 */

typedef int sec_tag_t;

enum tls_credential_type {
	TLS_CREDENTIAL_CA_CERTIFICATE = 1,
	TLS_CREDENTIAL_PUBLIC_CERTIFICATE = 2,
	TLS_CREDENTIAL_PRIVATE_KEY = 3,
	TLS_CREDENTIAL_PSK = 4,
	TLS_CREDENTIAL_PSK_ID = 5
};

/* The program was given a file after all. */
static inline int
tls_credential_add(sec_tag_t tag, enum tls_credential_type type,
    const void *cred, size_t len)
{
	(void)tag;
	(void)type;
	(void)cred;
	(void)len;
	return -ENOSYS;
}

/* What is there is not told: the socket's option answers ENOENT if nothing. */
static inline int
tls_credential_get(sec_tag_t tag, enum tls_credential_type type, void *cred,
    size_t *len)
{
	(void)tag;
	(void)type;
	(void)cred;
	(void)len;
	return -EFBIG;
}

#endif
