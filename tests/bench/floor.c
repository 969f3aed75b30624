#include "bench/floor.h"

#include <openssl/evp.h>

#include "base/deadline.h"
#include "bench/machine.h"
#include "bench/row.h"
#include "bench/steps.h"
#include "bench/streams.h"

#define RECORD 16384
#define RECORDS 1600
#define BURSTS 200
#define TIMES 500
#define TAG 16

/* What of TLS 1.3's record is not secret: its header. */
static const unsigned char header[5] = { 23, 3, 3, 0x40, 0x11 };

static EVP_CIPHER_CTX *seal, *unseal;
static unsigned char text[RECORD], secret[RECORD], tag[TAG], nonce[12];

static void
encrypt(void)
{
	int n;

	bench_must(EVP_EncryptInit_ex(seal, NULL, NULL, NULL, nonce) == 1 &&
	        EVP_EncryptUpdate(seal, NULL, &n, header, sizeof(header)) ==
	            1 &&
	        EVP_EncryptUpdate(seal, secret, &n, text, RECORD) == 1 &&
	        EVP_EncryptFinal_ex(seal, secret, &n) == 1 &&
	        EVP_CIPHER_CTX_ctrl(seal, EVP_CTRL_AEAD_GET_TAG, TAG, tag) == 1,
	    "EVP_Encrypt");
}

static void
decrypt(void)
{
	int n;

	bench_must(EVP_DecryptInit_ex(unseal, NULL, NULL, NULL, nonce) == 1 &&
	        EVP_DecryptUpdate(unseal, NULL, &n, header, sizeof(header)) ==
	            1 &&
	        EVP_DecryptUpdate(unseal, text, &n, secret, RECORD) == 1 &&
	        EVP_CIPHER_CTX_ctrl(unseal, EVP_CTRL_AEAD_SET_TAG, TAG, tag) ==
	            1 &&
	        EVP_DecryptFinal_ex(unseal, text, &n) == 1,
	    "EVP_Decrypt");
}

/* Both, of a MiB. */
static double
ciphers_ns(void)
{
	const int64_t start = deadline_now_ns();

	for (int i = 0; i < RECORDS; i++) {
		nonce[11] = (unsigned char)i;
		encrypt();
		decrypt();
	}
	return (double)(deadline_now_ns() - start) * (1048576.0 / RECORD) /
	    RECORDS;
}

struct floor {
	struct steps raw; /* as the base's */
	const struct bench_end *mine;
};

static double
measure(const void *how, bool mine)
{
	const struct floor *f = how;
	const double mib = 1048576.0 / (double)f->raw.n;

	if (mine)
		return streams_queued_ns(&ways_ours, f->mine, f->raw.n,
		    WAYS_SIZE_MAX, BURSTS);
	return steps_there(&f->raw, false) * mib + ciphers_ns();
}

static void
row(enum bench_row row, struct floor *f, size_t n)
{
	f->raw.n = n;
	f->raw.times = TIMES;
	row_run(row, ROW_ROUNDS, measure, f);
}

void
floor_rows(const struct bench_end ends[2])
{
	static const unsigned char key[16];
	struct floor f = { .mine = ends, .raw.base_way = &ways_raw };

	seal = EVP_CIPHER_CTX_new();
	unseal = EVP_CIPHER_CTX_new();
	bench_must(seal != NULL && unseal != NULL &&
	        EVP_EncryptInit_ex(seal, EVP_aes_128_gcm(), NULL, key, NULL) ==
	            1 &&
	        EVP_DecryptInit_ex(unseal, EVP_aes_128_gcm(), NULL, key,
	            NULL) == 1,
	    "AES-128-GCM");
	ways_connect_raw(f.raw.base);
	row(ROW_TLS_FLOOR_16384, &f, 16384);
	row(ROW_TLS_FLOOR_65536, &f, 65536);
	ways_close_raw(f.raw.base);
	EVP_CIPHER_CTX_free(seal);
	EVP_CIPHER_CTX_free(unseal);
}
