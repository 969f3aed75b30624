/* P19: a program with an OpenSSL of its own, which is the one it uses. */
#define _GNU_SOURCE 1
#include "prog.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

static void
must_be_in(void *function, const char *library)
{
	Dl_info info;

	MUST(dladdr(function, &info) != 0);
	if (strstr(info.dli_fname, library) == NULL)
		fprintf(stderr, "it is in %s\n", info.dli_fname);
	MUST(strstr(info.dli_fname, library) != NULL);
}

/* A session of the program's own, without a descriptor. */
static void
own_session(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl = SSL_new(ctx);
	BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());

	MUST(ssl != NULL);
	SSL_set_bio(ssl, in, out);
	MUST_BE(SSL_connect(ssl), -1);
	MUST_BE(SSL_get_error(ssl, -1), SSL_ERROR_WANT_READ);
	MUST(BIO_ctrl_pending(out) > 100);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
}

static void
beside(void)
{
	int fd;

	own_session();
	ERR_put_error(ERR_LIB_USER, 0, 42, "x", 1);
	fd = dial(0);
	must_echo(fd, "beside");
	MUST_BE(close(fd), 0);
	MUST_BE(ERR_GET_REASON(ERR_get_error()), 42);
	MUST_BE(ERR_get_error(), 0);
	own_session();
	must_be_in((void *)SSL_CTX_new, "libssl");
	must_be_in((void *)ERR_get_error, "libcrypto");
	MUST_BE(OpenSSL_version_num() >> 20, OPENSSL_VERSION_NUMBER >> 20);
	puts(OpenSSL_version(OPENSSL_VERSION));
}

static const struct verb verbs[] = { { "beside", beside } };

PROG_MAIN(verbs)
