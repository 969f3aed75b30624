#include "encode.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

/* Adds what was written to bio, if all of it was. */
static bool
end(struct buf *b, BIO *bio, bool good)
{
	char *text;
	const long len = BIO_get_mem_data(bio, &text);

	good = good && len > 0;
	if (good)
		buf_add(b, text, (size_t)len);
	BIO_free(bio); /* which wipes it */
	return good && !b->failed;
}

bool
encode_cert_pem(struct buf *b, X509 *cert)
{
	BIO *bio = BIO_new(BIO_s_mem());

	return bio != NULL && end(b, bio, PEM_write_bio_X509(bio, cert) == 1);
}

bool
encode_cert_der(struct buf *b, X509 *cert)
{
	BIO *bio = BIO_new(BIO_s_mem());

	return bio != NULL && end(b, bio, i2d_X509_bio(bio, cert) == 1);
}

bool
encode_key_pem(struct buf *b, EVP_PKEY *key, const char *pass)
{
	const EVP_CIPHER *cipher = pass != NULL ? EVP_aes_256_cbc() : NULL;
	const int len = pass != NULL ? (int)strlen(pass) : 0;
	BIO *bio = BIO_new(BIO_s_secmem());

	return bio != NULL &&
	    end(b, bio,
	        PEM_write_bio_PKCS8PrivateKey(bio, key, cipher, pass, len, NULL,
	            NULL) == 1);
}

bool
encode_key_der(struct buf *b, EVP_PKEY *key)
{
	BIO *bio = BIO_new(BIO_s_secmem());

	return bio != NULL &&
	    end(b, bio, i2d_PKCS8PrivateKeyInfo_bio(bio, key) == 1);
}

bool
encode_pem(struct buf *b, const char *label, const void *der, size_t len)
{
	BIO *bio = BIO_new(BIO_s_secmem());

	return bio != NULL &&
	    end(b, bio, PEM_write_bio(bio, label, "", der, (long)len) > 0);
}
