#include "kind_key.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <openssl/x509v3.h>

#include "kind_text.h"

bool
kind_is_ca(X509 *cert)
{
	const int ca = X509_check_ca(cert);

	return ca == 1 || ca == 3;
}

static OSSL_PROVIDER *providers[2];

static void
unload(void)
{
	for (int i = 1; i >= 0; i--) {
		if (providers[i] != NULL)
			(void)OSSL_PROVIDER_unload(providers[i]);
	}
}

bool
kind_legacy(void)
{
	static bool tried, loaded;

	if (!tried) {
		tried = true;
		/* One that is loaded by name turns off what comes by itself. */
		providers[0] = OSSL_PROVIDER_load(NULL, "legacy");
		if (providers[0] != NULL)
			providers[1] = OSSL_PROVIDER_load(NULL, "default");
		loaded = providers[1] != NULL;
		(void)atexit(unload); /* else OpenSSL leaves memory behind */
	}
	return loaded;
}

/* Is a cipher that is missing among the errors?  They are forgotten. */
static bool
wants_cipher(void)
{
	unsigned long e;
	bool found = false;

	while ((e = ERR_get_error()) != 0) {
		const int reason = ERR_GET_REASON(e);

		found = found || reason == ERR_R_UNSUPPORTED ||
		    (ERR_GET_LIB(e) == ERR_LIB_EVP &&
		        (reason == EVP_R_UNSUPPORTED_ALGORITHM ||
		            reason == EVP_R_UNKNOWN_PBE_ALGORITHM ||
		            reason == EVP_R_UNSUPPORTED_CIPHER)) ||
		    (ERR_GET_LIB(e) == ERR_LIB_PEM &&
		        reason == PEM_R_UNSUPPORTED_ENCRYPTION);
	}
	return found;
}

enum kind_missing
kind_missing_cipher(void)
{
	static bool told;

	if (!wants_cipher())
		return KIND_NOT_MISSING;
	if (told || !kind_legacy())
		return KIND_MISSING;
	told = true;
	remark("it is encrypted with an old cipher, such as RC2: OpenSSL's "
	       "legacy provider was loaded for it");
	return KIND_LOADED;
}

static int
give_pass(char *to, int size, int write, void *arg)
{
	const struct kind_input *in = arg;
	size_t len;

	(void)write;
	if (in->pass == NULL)
		return -1;
	len = strlen(in->pass);
	if (len > (size_t)size)
		return -1;
	memcpy(to, in->pass, len);
	return (int)len;
}

int
kind_no_pass(char *to, int size, int write, void *arg)
{
	(void)to;
	(void)size;
	(void)write;
	(void)arg;
	return -1;
}

static EVP_PKEY *
open_pkcs8(const struct kind_input *in, const unsigned char *der, long len,
    bool *limit)
{
	X509_SIG *sealed = d2i_X509_SIG(NULL, &der, len);
	const X509_ALGOR *alg = NULL;
	uint64_t rounds = 0;
	PKCS8_PRIV_KEY_INFO *info = NULL;
	EVP_PKEY *key = NULL;

	if (sealed != NULL) {
		X509_SIG_get0(sealed, &alg, NULL);
		*limit = !kind_rounds(&rounds, alg);
	}
	if (sealed != NULL && !*limit && in->pass != NULL)
		info = PKCS8_decrypt(sealed, in->pass, (int)strlen(in->pass));
	if (info != NULL)
		key = EVP_PKCS82PKEY(info);
	PKCS8_PRIV_KEY_INFO_free(info);
	X509_SIG_free(sealed);
	return key;
}

static EVP_PKEY *
open_pem(struct kind_input *in, const void *data, size_t len, bool *limit)
{
	BIO *bio = BIO_new_mem_buf(data, (int)len);
	unsigned char *der = NULL;
	const unsigned char *at;
	char *label = NULL;
	EVP_PKEY *key = NULL;
	long n = 0;

	if (bio != NULL &&
	    PEM_bytes_read_bio(&der, &n, &label, PEM_STRING_EVP_PKEY, bio,
	        give_pass, in) == 1) {
		at = der;
		key = strcmp(label, PEM_STRING_PKCS8) == 0
		    ? open_pkcs8(in, der, n, limit)
		    : d2i_AutoPrivateKey(NULL, &at, n);
	}
	OPENSSL_clear_free(der, (size_t)n);
	OPENSSL_free(label);
	BIO_free(bio);
	return key;
}

static EVP_PKEY *
open_any(struct kind_input *in, const void *data, size_t len, bool *limit)
{
	ERR_clear_error();
	if (kind_pem_length(data, len) > 0)
		return open_pem(in, data, len, limit);
	return open_pkcs8(in, data, (long)len, limit);
}

/* As before there was PKCS #8. */
static bool
is_old_encryption(const void *data, size_t len)
{
	static const char field[] = "Proc-Type: 4,ENCRYPTED";

	return memmem(data, len, field, sizeof(field) - 1) != NULL;
}

bool
kind_key_is_encrypted(const void *data, size_t len)
{
	static const char label[] = "BEGIN ENCRYPTED PRIVATE KEY";

	return kind_pem_length(data, len) == 0 ||
	    memmem(data, len, label, sizeof(label) - 1) != NULL ||
	    is_old_encryption(data, len);
}

static int
fail_encrypted(struct kind_input *in, int line, enum kind_missing missing)
{
	if (missing == KIND_MISSING)
		return kind_fail(in, MALFORMED, line,
		    "the private key is encrypted with a cipher that this "
		    "OpenSSL does not have");
	return kind_fail(in, REFUSED, line,
	    "the pass phrase does not open the private key");
}

int
kind_key_open(struct kind_input *in, const void *data, size_t len, int line,
    EVP_PKEY **key)
{
	const bool encrypted = kind_key_is_encrypted(data, len);
	enum kind_missing missing = KIND_NOT_MISSING;
	bool limit = false;

	if (len > INT_MAX)
		return kind_fail(in, LIMIT, line,
		    "the private key is too long");
	if (encrypted && in->pass == NULL)
		return kind_fail(in, REFUSED, line,
		    "the private key is encrypted: give its pass phrase by "
		    "--pass-file, --pass-env or --pass-fd");
	if (encrypted && is_old_encryption(data, len) &&
	    strlen(in->pass) > PEM_BUFSIZE)
		return kind_fail(in, LIMIT, line,
		    "the private key is encrypted in the old way, for which a "
		    "pass phrase has %d bytes at most",
		    PEM_BUFSIZE);
	*key = open_any(in, data, len, &limit);
	if (*key == NULL && !limit) {
		missing = kind_missing_cipher();
		if (missing == KIND_LOADED)
			*key = open_any(in, data, len, &limit);
	}
	ERR_clear_error();
	if (*key != NULL)
		return DONE;
	if (limit)
		return kind_rounds_fail(in, line);
	if (encrypted)
		return fail_encrypted(in, line, missing);
	return kind_fail(in, MALFORMED, line,
	    "the private key cannot be decoded");
}
