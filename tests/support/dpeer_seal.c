#include "support/test.h"

#include "support/dpeer_seal.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#define HEADER 13  /* type, version, epoch and number, length */
#define NUMBER 3   /* where the epoch and the number are */
#define EXPLICIT 8 /* the nonce's part that a record carries */
#define SALT 4     /* the nonce's part that the keys have */
#define TAG 16     /* at most */
#define KEY 32     /* at most */
#define PLAIN_MAX 16384

/* What p seals records with. */
struct keys {
	const EVP_CIPHER *cipher;
	bool ccm;
	int tag;
	unsigned char key[KEY], salt[SALT];
};

/* The key block of RFC 5246 6.3. */
static void
derive(SSL *ssl, const EVP_MD *md, unsigned char *block, size_t len)
{
	static const char label[] = "key expansion";
	unsigned char master[64],
	    seed[sizeof(label) - 1 + 2 * SSL3_RANDOM_SIZE];
	unsigned char *randoms = seed + sizeof(label) - 1;
	const size_t n = SSL_SESSION_get_master_key(SSL_get_session(ssl),
	    master, sizeof(master));
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "TLS1-PRF", NULL);
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
		    (char *)EVP_MD_get0_name(md), 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, master,
		    n),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed,
		    sizeof(seed)),
		OSSL_PARAM_construct_end()
	};

	memcpy(seed, label, sizeof(label) - 1);
	SSL_get_server_random(ssl, randoms, SSL3_RANDOM_SIZE);
	SSL_get_client_random(ssl, randoms + SSL3_RANDOM_SIZE,
	    SSL3_RANDOM_SIZE);
	assert_int_equal(EVP_KDF_derive(ctx, block, len, params), 1);
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

static void
find_keys(const struct dpeer *p, struct keys *k)
{
	const SSL_CIPHER *suite = SSL_get_current_cipher(p->ssl);
	const char *name = SSL_CIPHER_get_name(suite);
	unsigned char block[2 * (KEY + SALT)];
	const size_t own = p->spec.server;
	size_t len;

	k->cipher = EVP_get_cipherbynid(SSL_CIPHER_get_cipher_nid(suite));
	assert_non_null(k->cipher);
	k->ccm = strstr(name, "CCM") != NULL;
	k->tag = strstr(name, "CCM8") != NULL ? 8 : TAG;
	assert_true(k->ccm || strstr(name, "GCM") != NULL);
	len = (size_t)EVP_CIPHER_get_key_length(k->cipher);
	derive(p->ssl, SSL_CIPHER_get_handshake_digest(suite), block,
	    2 * (len + SALT));
	memcpy(k->key, block + own * len, len);
	memcpy(k->salt, block + 2 * len + own * SALT, SALT);
}

/* The epoch and the number of a record that is made, and never sent. */
static void
take_number(struct dpeer *p, unsigned char number[8])
{
	const size_t before = p->tap.nseen;
	size_t n;

	p->tap.hold = true;
	assert_int_equal(SSL_write_ex(p->ssl, "", 1, &n), 1);
	p->tap.hold = false;
	assert_int_equal(p->tap.nseen, before + 1);
	memcpy(number, dpeer_tap_last(&p->tap, true)->data + NUMBER, 8);
}

/* Encrypts to out, the tag behind. */
static void
encrypt(const struct keys *k, const unsigned char nonce[SALT + EXPLICIT],
    const unsigned char aad[HEADER], const void *data, int len,
    unsigned char *out)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;

	assert_non_null(ctx);
	assert_int_equal(EVP_EncryptInit_ex(ctx, k->cipher, NULL, NULL, NULL),
	    1);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN,
	                     SALT + EXPLICIT, NULL),
	    1);
	if (k->ccm) {
		assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG,
		                     k->tag, NULL),
		    1);
	}
	assert_int_equal(EVP_EncryptInit_ex(ctx, NULL, NULL, k->key, nonce), 1);
	if (k->ccm)
		assert_int_equal(EVP_EncryptUpdate(ctx, NULL, &n, NULL, len),
		    1);
	assert_int_equal(EVP_EncryptUpdate(ctx, NULL, &n, aad, HEADER), 1);
	assert_int_equal(EVP_EncryptUpdate(ctx, out, &n, data, len), 1);
	assert_int_equal(n, len);
	assert_int_equal(EVP_EncryptFinal_ex(ctx, out + len, &n), 1);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, k->tag,
	                     out + len),
	    1);
	EVP_CIPHER_CTX_free(ctx);
}

static void
put_length(unsigned char *at, size_t len)
{
	at[0] = (unsigned char)(len >> 8);
	at[1] = (unsigned char)len;
}

size_t
dpeer_seal(struct dpeer *p, int type, const void *data, size_t len,
    unsigned char *out)
{
	unsigned char nonce[SALT + EXPLICIT], aad[HEADER];
	struct keys k;
	size_t body;

	find_keys(p, &k);
	out[0] = (unsigned char)type;
	out[1] = DTLS1_2_VERSION >> 8;
	out[2] = DTLS1_2_VERSION & 0xff;
	take_number(p, out + NUMBER);
	body = EXPLICIT + len + (size_t)k.tag;
	put_length(out + HEADER - 2, body);
	memcpy(out + HEADER, out + NUMBER, EXPLICIT);
	memcpy(nonce, k.salt, SALT);
	memcpy(nonce + SALT, out + NUMBER, EXPLICIT);
	memcpy(aad, out + NUMBER, 8);
	memcpy(aad + 8, out, 3);
	put_length(aad + HEADER - 2, len);
	encrypt(&k, nonce, aad, data, (int)len, out + HEADER + EXPLICIT);
	OPENSSL_cleanse(&k, sizeof(k));
	return HEADER + body;
}

void
dpeer_send_record(struct dpeer *p, int type, const void *data, size_t len)
{
	unsigned char record[HEADER + EXPLICIT + PLAIN_MAX + TAG];

	assert_true(len <= PLAIN_MAX);
	dpeer_send_raw(p, record, dpeer_seal(p, type, data, len, record));
}
