#include "tls/rules.h"

#include <stdio.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

/* Bits of security that the device wants of a digest, and of an RSA key. */
#define DIGEST_BITS 256
#define RSA_BITS 2048

/* Schemes with a digest of their own, Ed25519 and Ed448, name none. */
bool
tls_rules_digest(const X509 *cert, char *why, size_t size)
{
	const EVP_MD *md;
	int digest;

	if (X509_get_signature_info((X509 *)cert, &digest, NULL, NULL, NULL) !=
	        1 ||
	    digest == NID_undef)
		return true; /* its signature is OpenSSL's to judge */
	md = EVP_get_digestbynid(digest);
	if (md != NULL && EVP_MD_get_size(md) * 8 >= DIGEST_BITS)
		return true;
	snprintf(why, size,
	    "it is signed with %s; the device wants SHA256 or "
	    "better",
	    OBJ_nid2sn(digest));
	return false;
}

static const char *const curves[] = {
	SN_X9_62_prime256v1,
	SN_secp384r1,
	SN_secp521r1,
	SN_brainpoolP256r1,
	SN_brainpoolP384r1,
	SN_brainpoolP512r1,
};

static bool
check_curve(const EVP_PKEY *key, char *why, size_t size)
{
	char name[64] = "without a name";

	(void)EVP_PKEY_get_group_name(key, name, sizeof(name), NULL);
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		if (strcmp(name, curves[i]) == 0)
			return true;
	}
	snprintf(why, size,
	    "its key is on the curve %s, which the device has "
	    "not",
	    name);
	return false;
}

bool
tls_rules_key(const X509 *cert, char *why, size_t size)
{
	const EVP_PKEY *key = X509_get0_pubkey(cert);
	const int bits = key != NULL ? EVP_PKEY_get_bits(key) : 0;

	switch (key != NULL ? EVP_PKEY_get_base_id(key) : EVP_PKEY_NONE) {
	case EVP_PKEY_RSA:
	case EVP_PKEY_RSA_PSS:
		if (bits >= RSA_BITS)
			return true;
		snprintf(why, size,
		    "its RSA key has %d bits; the device wants %d or more",
		    bits, RSA_BITS);
		return false;
	case EVP_PKEY_EC:
		return check_curve(key, why, size);
	case EVP_PKEY_ED25519:
	case EVP_PKEY_ED448:
		return true;
	default:
		snprintf(why, size, "the device has no keys of its kind");
		return false;
	}
}

static const struct {
	uint32_t bit;
	const char *name;
} usages[] = {
	{ X509v3_KU_DIGITAL_SIGNATURE, "digitalSignature" },
	{ X509v3_KU_KEY_ENCIPHERMENT, "keyEncipherment" },
	{ X509v3_KU_KEY_CERT_SIGN, "keyCertSign" },
};

/* Without the extension OpenSSL has all bits set. */
bool
tls_rules_usage(const X509 *cert, uint32_t bits, char *why, size_t size)
{
	const uint32_t missing = bits & ~X509_get_key_usage((X509 *)cert);

	if (missing == 0)
		return true;
	for (size_t i = 0; i < sizeof(usages) / sizeof(usages[0]); i++) {
		if ((missing & usages[i].bit) != 0)
			snprintf(why, size, "its keyUsage has no %s",
			    usages[i].name);
	}
	return false;
}

bool
tls_rules_purpose(const X509 *cert, bool server, char *why, size_t size)
{
	const uint32_t wanted =
	    XKU_ANYEKU | (server ? XKU_SSL_SERVER : XKU_SSL_CLIENT);

	if ((X509_get_extended_key_usage((X509 *)cert) & wanted) != 0)
		return true;
	snprintf(why, size, "its extendedKeyUsage has no %s",
	    server ? "serverAuth" : "clientAuth");
	return false;
}
