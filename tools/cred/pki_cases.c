#include "pki_cases.h"

#include <stdio.h>
#include <string.h>

#include "pki_bad.h"

/* What may be wrong, in the order of the manual; the good sets come first. */
const struct pki_case pki_cases[] = {
	{ "server", "good", PKI_SERVER, NULL, "X509_V_OK", "0x00", "", NULL,
	    { 0 }, { 0 } },
	{ "client", "good", PKI_CLIENT, NULL, "X509_V_OK", "0x00", "", NULL,
	    { 0 }, { 0 } },
	{ "psk", "good", PKI_PSK, NULL, NULL, NULL, "", NULL, { 0 }, { 0 } },
	{ "both", "good", PKI_BOTH, NULL, "X509_V_OK", "0x00",
	    "both ends in one process", NULL, { 0 }, { 0 } },

	{ "bad/server-expired", "expired", PKI_SERVER, "E13",
	    "X509_V_ERR_CERT_HAS_EXPIRED", "0x01",
	    "accepted by builds without HAVE_TIME_DATE", pki_bad_leaf,
	    { .from = "20010101", .until = "20020101" }, { 0 } },
	{ "bad/server-future", "future", PKI_SERVER, "E14",
	    "X509_V_ERR_CERT_NOT_YET_VALID", "0x0200",
	    "accepted by builds without HAVE_TIME_DATE", pki_bad_leaf,
	    { .from = "20900101", .until = "20910101" }, { 0 } },
	{ "bad/server-wrong-host", "wrong-host", PKI_SERVER, "E15",
	    "X509_V_ERR_HOSTNAME_MISMATCH", "0x04", "is for other.invalid",
	    pki_bad_leaf, { .names = PKI_NAMES_OTHER }, { 0 } },
	{ "bad/server-cn-only", "cn-only", PKI_SERVER, "W24", "X509_V_OK",
	    "0x00", "the host is in the common name alone", pki_bad_leaf,
	    { .names = PKI_NAMES_NONE }, { 0 } },
	{ "bad/server-ip-only", "ip-only", PKI_SERVER, "E15",
	    "X509_V_ERR_HOSTNAME_MISMATCH", "0x04",
	    "is for addresses; before Mbed TLS 3.5 not even for these (W25)",
	    pki_bad_leaf, { .names = PKI_NAMES_IP }, { 0 } },
	{ "bad/server-wildcard", "wildcard", PKI_SERVER, "E15",
	    "X509_V_ERR_HOSTNAME_MISMATCH", "0x04",
	    "* stands for one label and not for none", pki_bad_leaf,
	    { .names = PKI_NAMES_WILDCARD }, { 0 } },
	{ "bad/server-self-signed", "self-signed", PKI_SERVER, "E16",
	    "X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT", "0x08", "", pki_bad_leaf,
	    { .issuer = PKI_ISSUER_SELF }, { 0 } },
	{ "bad/server-other-ca", "other-ca", PKI_SERVER, "E16",
	    "X509_V_ERR_CERT_SIGNATURE_FAILURE", "0x08",
	    "the name of the good CA and another key", pki_bad_leaf,
	    { .issuer = PKI_ISSUER_NAMESAKE }, { 0 } },
	{ "bad/server-no-intermediate", "no-intermediate", PKI_SERVER, "E16",
	    "X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "0x08",
	    "the CA between it and the root is left out", pki_bad_line, { 0 },
	    { .n = 1, .first = "zsock test upper CA", .order = "" } },
	{ "bad/server-chain-reversed", "chain-reversed", PKI_SERVER, "W30",
	    "X509_V_OK", "0x08",
	    "the two CAs behind the certificate are in the wrong order; "
	    "Mbed TLS looks forward only (and W33)",
	    pki_bad_line, { 0 },
	    { .n = 2, .first = "zsock test upper CA", .order = "01" } },
	{ "bad/intermediate-not-ca", "intermediate-not-ca", PKI_SERVER, "E16",
	    "X509_V_ERR_INVALID_CA", "0x08",
	    "what signed it is no CA (and W33)", pki_bad_line, { 0 },
	    { .n = 1,
	        .first = "zsock test no CA",
	        .not_ca = true,
	        .order = "0" } },
	{ "bad/pathlen-exceeded", "pathlen-exceeded", PKI_SERVER, "E16",
	    "X509_V_ERR_PATH_LENGTH_EXCEEDED", "0x08",
	    "a CA with pathlen 0 has signed another CA (and W33)", pki_bad_line,
	    { 0 },
	    { .n = 2,
	        .first = "zsock test upper CA",
	        .last = true,
	        .order = "10" } },
	{ "bad/server-eku-client", "eku-client", PKI_SERVER, "W23",
	    "X509_V_ERR_INVALID_PURPOSE", "0x1000", "is for clients",
	    pki_bad_leaf, { .use = PKI_FOR_CLIENT }, { 0 } },
	{ "bad/client-eku-server", "eku-server", PKI_CLIENT, "W23",
	    "X509_V_ERR_INVALID_PURPOSE", "0x1000", "is for servers",
	    pki_bad_leaf, { .use = PKI_FOR_SERVER }, { 0 } },
	{ "bad/client-other-ca", "other-ca", PKI_CLIENT, "E16",
	    "X509_V_ERR_CERT_SIGNATURE_FAILURE", "0x08",
	    "the name of the good CA and another key", pki_bad_leaf,
	    { .issuer = PKI_ISSUER_NAMESAKE }, { 0 } },
	{ "bad/key-mismatch", "key-mismatch", PKI_SERVER, "E07", "X509_V_OK",
	    "0x00", "the key is refused when it is loaded", pki_bad_mismatch,
	    { 0 }, { 0 } },
	{ "bad/rsa1024", "rsa1024", PKI_SERVER, "W21",
	    "X509_V_ERR_EE_KEY_TOO_SMALL", "0x010000",
	    "openssl verify needs -auth_level 2 to see it (and W33)",
	    pki_bad_leaf, { .rsa1024 = true }, { 0 } },
	{ "bad/sha1", "sha1", PKI_SERVER, "W21", "X509_V_ERR_CA_MD_TOO_WEAK",
	    "0x4000", "openssl verify needs -auth_level 2 to see it",
	    pki_bad_leaf, { .sha1 = true }, { 0 } },
	{ "bad/ca-expired", "ca-expired", PKI_CLIENT, "E13",
	    "X509_V_ERR_CERT_HAS_EXPIRED", "0x01",
	    "the client has an old certificate of the good CA",
	    pki_bad_ca_expired, { .from = "20010101", .until = "20020101" },
	    { 0 } },
	{ "bad/pem-no-nul", "pem-no-nul", PKI_CLIENT, "E05", "X509_V_OK",
	    "-0x2180", "the CA is PEM without its final NUL", pki_bad_no_nul,
	    { 0 }, { 0 } },
	{ "bad/pem-crlf", "pem-crlf", PKI_CLIENT, "W26", "X509_V_OK", "0x00",
	    "the CA is PEM with CR LF line ends", pki_bad_crlf, { 0 }, { 0 } },
	{ "bad/der-truncated", "der-truncated", PKI_SERVER, "E06", NULL,
	    "-0x2180", "the certificate is DER that ends too early",
	    pki_bad_truncated, { 0 }, { 0 } },
	{ "bad/der-tail", "der-tail", PKI_CLIENT, "W34", "X509_V_OK", "0x00",
	    "the CA is DER with a NUL behind it", pki_bad_tail, { 0 }, { 0 } },
	{ "bad/key-encrypted", "key-encrypted", PKI_SERVER, "E10", "X509_V_OK",
	    "-0x3c00", "the pass phrase is " PKI_PASS, pki_bad_encrypted, { 0 },
	    { 0 } },
	{ "bad/psk-wrong-key", "wrong-key", PKI_PSK, "W28", NULL, NULL,
	    "the digits of the good key as text", pki_bad_psk_key, { 0 },
	    { 0 } },
	{ "bad/psk-wrong-id", "wrong-id", PKI_PSK, "W29", NULL, NULL,
	    "the good identity and a newline", pki_bad_psk_id, { 0 }, { 0 } },
	{ "bad/psk-id-nul", "id-nul", PKI_PSK, "W29", NULL, NULL,
	    "the good identity and a NUL", pki_bad_psk_nul, { 0 }, { 0 } },
	{ "bad/psk-too-long", "too-long", PKI_PSK, "E12", NULL, NULL,
	    "a key of 64 bytes; Zephyr takes 32", pki_bad_psk_long, { 0 },
	    { 0 } },
};
const size_t pki_ncases = sizeof(pki_cases) / sizeof(pki_cases[0]);

const char *
pki_role_name(enum pki_role role)
{
	static const char *const names[] = { [PKI_SERVER] = "server",
		[PKI_CLIENT] = "client",
		[PKI_PSK] = "psk",
		[PKI_BOTH] = "both" };

	return names[role];
}

const struct pki_case *
pki_case_find(const char *name, size_t len)
{
	for (size_t i = 0; i < pki_ncases; i++) {
		const char *file = pki_cases[i].file;

		if (pki_cases[i].make == NULL)
			continue;
		file += strlen("bad/");
		if (strlen(file) == len && memcmp(file, name, len) == 0)
			return &pki_cases[i];
	}
	return NULL;
}

/* A warning is an answer only when it is asked for. */
void
pki_case_check(const struct pki *p, const struct pki_case *c, char *out,
    size_t size)
{
	const int *tags = p->wants->tags;
	const char *strict =
	    c->rule != NULL && c->rule[0] == 'W' ? "--strict " : "";

	switch (c->role) {
	case PKI_SERVER:
		snprintf(out, size, "check %s--host %s --tags %d,%d", strict,
		    p->host, tags[PKI_TAG_CA], tags[PKI_TAG_SERVER]);
		break;
	case PKI_CLIENT:
		snprintf(out, size, "check %s--tags %d,%d", strict,
		    tags[PKI_TAG_CA], tags[PKI_TAG_CLIENT]);
		break;
	case PKI_PSK:
		snprintf(out, size, "check %s--tags %d", strict,
		    tags[PKI_TAG_PSK]);
		break;
	case PKI_BOTH:
		snprintf(out, size, "check --max %d", PKI_VALUES);
		break;
	}
}
