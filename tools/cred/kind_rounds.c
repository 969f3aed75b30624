#include "kind_key.h"

/* A number of an object may be missing, below 0 or of any size. */
static uint64_t
number_of(const ASN1_INTEGER *i)
{
	uint64_t n;

	if (i == NULL)
		return 1;
	if (ASN1_INTEGER_get_uint64(&n, i) != 1)
		return UINT64_MAX;
	return n;
}

static uint64_t
times(uint64_t a, uint64_t b)
{
	uint64_t n;

	return __builtin_mul_overflow(a, b, &n) ? UINT64_MAX : n;
}

static uint64_t
rounds_of_scrypt(const ASN1_TYPE *parameter)
{
	uint64_t n = UINT64_MAX;
#ifndef OPENSSL_NO_SCRYPT
	SCRYPT_PARAMS *p =
	    ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(SCRYPT_PARAMS), parameter);

	n = p == NULL ? 0
	              : times(number_of(p->costParameter),
	                    times(number_of(p->blockSize),
	                        number_of(p->parallelizationParameter)));
	SCRYPT_PARAMS_free(p);
#endif
	return n;
}

static uint64_t
rounds_of_function(const X509_ALGOR *alg)
{
	PBKDF2PARAM *p;
	uint64_t n = 0;

	if (OBJ_obj2nid(alg->algorithm) == NID_id_scrypt)
		return rounds_of_scrypt(alg->parameter);
	p = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBKDF2PARAM),
	    alg->parameter);
	if (p != NULL)
		n = number_of(p->iter);
	PBKDF2PARAM_free(p);
	return n;
}

/* What cannot be decoded here OpenSSL cannot either, and does nothing. */
static uint64_t
rounds_of(const X509_ALGOR *alg)
{
	PBE2PARAM *second = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBE2PARAM),
	    alg->parameter);
	PBEPARAM *first = second != NULL
	    ? NULL
	    : ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(PBEPARAM),
	          alg->parameter);
	uint64_t n = 0;

	if (second != NULL)
		n = rounds_of_function(second->keyfunc);
	else if (first != NULL)
		n = number_of(first->iter);
	PBE2PARAM_free(second);
	PBEPARAM_free(first);
	return n;
}

static bool
add(uint64_t *sum, uint64_t n)
{
	if (n > KIND_ROUNDS_MAX || *sum > KIND_ROUNDS_MAX - n)
		return false;
	*sum += n;
	return true;
}

bool
kind_rounds(uint64_t *sum, const X509_ALGOR *alg)
{
	return alg == NULL || add(sum, rounds_of(alg));
}

bool
kind_rounds_of_mac(uint64_t *sum, const PKCS12 *p)
{
	const ASN1_INTEGER *iter = NULL;
	const X509_ALGOR *alg = NULL;

	PKCS12_get0_mac(NULL, &alg, NULL, &iter, p);
	return add(sum, number_of(iter)) && kind_rounds(sum, alg);
}

int
kind_rounds_fail(struct kind_input *in, int line)
{
	return kind_fail(in, LIMIT, line,
	    "to make its key of the pass phrase would take more than %d rounds",
	    KIND_ROUNDS_MAX);
}
