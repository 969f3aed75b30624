#include "tls/verify_callback.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/log.h"

/* More than any version's mbedtls_x509_crt takes. */
#define CRT_ROOM 4096

/* Mbed TLS, as the program has linked it. */
struct mbedtls {
	void (*init)(void *crt);
	int (*parse)(void *crt, const unsigned char *der, size_t len);
	void (*free)(void *crt);
};

/* A function by name; POSIX has it that a pointer to data can hold one. */
#define FIND(member, name) *(void **)(&(member)) = dlsym(RTLD_DEFAULT, (name))

static bool
find_mbedtls(struct mbedtls *m)
{
	FIND(m->init, "mbedtls_x509_crt_init");
	FIND(m->parse, "mbedtls_x509_crt_parse_der");
	FIND(m->free, "mbedtls_x509_crt_free");
	return m->init != NULL && m->parse != NULL && m->free != NULL;
}

/* The same certificate as Mbed TLS has it; NULL if that cannot be had. */
static void *
convert(const struct mbedtls *m, const X509 *cert)
{
	unsigned char *der = NULL;
	const int len = i2d_X509(cert, &der);
	void *crt = calloc(1, CRT_ROOM);

	if (crt != NULL)
		m->init(crt);
	if (crt != NULL && (len <= 0 || m->parse(crt, der, (size_t)len) != 0)) {
		m->free(crt);
		free(crt);
		crt = NULL;
	}
	OPENSSL_free(der);
	return crt;
}

static void
warn_of_null(void)
{
	static atomic_flag said = ATOMIC_FLAG_INIT;

	if (!atomic_flag_test_and_set(&said))
		log_line(LOG_WARN,
		    "TLS_CERT_VERIFY_CALLBACK: its certificate is NULL: the "
		    "program has no Mbed TLS that the dynamic linker sees; "
		    "link it with -rdynamic if it is a static one");
}

static int
ask_one(struct tls_verify_state *v, const X509 *cert, int depth,
    uint32_t *flags)
{
	struct mbedtls m;
	void *crt = NULL;
	int rc;

	if (cert != NULL && find_mbedtls(&m))
		crt = convert(&m, cert);
	if (crt == NULL)
		warn_of_null();
	rc = v->callback.call(v->callback.ctx, crt, depth, flags);
	if (crt != NULL) {
		m.free(crt);
		free(crt);
	}
	return rc;
}

/* What was found before the program refused one is told besides. */
static void
refuse(struct tls_verify_state *v, const X509 *cert, int depth, int rc)
{
	if (v->error != X509_V_OK && v->nothers < TLS_VERIFY_OTHERS)
		v->others[v->nothers++] = v->error;
	v->words->detail[0] = '\0';
	v->refused = rc;
	v->flags = UINT32_MAX; /* as Mbed TLS has it */
	tls_verify_blame(v, X509_V_ERR_APPLICATION_VERIFICATION, depth, cert);
}

bool
tls_verify_ask(X509_STORE_CTX *store, struct tls_verify_state *v)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(store);
	uint32_t all = v->flags, flags;
	int accused = -1; /* the first that only the program found bad */
	int rc;

	/* What belongs to no certificate of the chain stays. */
	for (int i = sk_X509_num(chain) - 1; i >= 0; i--)
		all &= ~v->at[i];
	for (int i = sk_X509_num(chain) - 1; i >= 0; i--) {
		flags = v->at[i];
		rc = ask_one(v, sk_X509_value(chain, i), i, &flags);
		if (rc != 0) {
			refuse(v, sk_X509_value(chain, i), i, rc);
			X509_STORE_CTX_set_error(store, v->error);
			return false;
		}
		all |= flags;
		if (flags != 0 && v->at[i] == 0 && accused < 0)
			accused = i;
	}
	v->flags = all;
	if (all == 0)
		v->error = X509_V_OK;
	else if (v->error == X509_V_OK)
		tls_verify_blame(v, X509_V_ERR_APPLICATION_VERIFICATION,
		    accused, sk_X509_value(chain, accused));
	return true;
}
