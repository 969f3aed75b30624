#include "support/test.h"

#include <string.h>

#include <openssl/x509v3.h>

#include "support/pki.h"
#include "tls/rules.h"

/* A certificate, what is asked of it, and the words if it has not got that. */
static const struct rule_case {
	const char *name;
	enum { DIGEST, KEY, USAGE, PURPOSE } rule;
	struct pki_spec spec;
	uint32_t bits; /* for USAGE */
	bool server;   /* for PURPOSE */
	const char *why;
} rows[] = {
	{ .name = "sha256", .rule = DIGEST, .spec = { .digest = PKI_SHA256 } },
	{ .name = "sha384", .rule = DIGEST, .spec = { .digest = PKI_SHA384 } },
	{ .name = "sha512", .rule = DIGEST, .spec = { .digest = PKI_SHA512 } },
	{ .name = "sha1",
	    .rule = DIGEST,
	    .spec = { .digest = PKI_SHA1 },
	    .why = "SHA1" },
	{ .name = "sha224",
	    .rule = DIGEST,
	    .spec = { .digest = PKI_SHA224 },
	    .why = "SHA224" },
	{ .name = "ed25519_needs_none",
	    .rule = DIGEST,
	    .spec = { .key = PKI_ED25519 } },
	{ .name = "rsa_2048", .rule = KEY, .spec = { .key = PKI_RSA } },
	{ .name = "rsa_1024",
	    .rule = KEY,
	    .spec = { .key = PKI_RSA_1024 },
	    .why = "RSA key has 1024 bits" },
	{ .name = "p256", .rule = KEY, .spec = { .key = PKI_EC } },
	{ .name = "p384", .rule = KEY, .spec = { .key = PKI_P384 } },
	{ .name = "p224",
	    .rule = KEY,
	    .spec = { .key = PKI_P224 },
	    .why = "curve secp224r1" },
	{ .name = "k256",
	    .rule = KEY,
	    .spec = { .key = PKI_K256 },
	    .why = "curve secp256k1" },
	{ .name = "ed25519", .rule = KEY, .spec = { .key = PKI_ED25519 } },
	{ .name = "no_usage_is_any",
	    .rule = USAGE,
	    .spec = { .usage = "" },
	    .bits = X509v3_KU_DIGITAL_SIGNATURE },
	{ .name = "the_usage",
	    .rule = USAGE,
	    .spec = { .usage = "digitalSignature,keyAgreement" },
	    .bits = X509v3_KU_DIGITAL_SIGNATURE },
	{ .name = "another_usage",
	    .rule = USAGE,
	    .spec = { .usage = "keyEncipherment" },
	    .bits = X509v3_KU_DIGITAL_SIGNATURE,
	    .why = "its keyUsage has no digitalSignature" },
	{ .name = "yet_another_usage",
	    .rule = USAGE,
	    .spec = { .usage = "digitalSignature" },
	    .bits = X509v3_KU_KEY_ENCIPHERMENT,
	    .why = "its keyUsage has no keyEncipherment" },
	{ .name = "no_purpose_is_any",
	    .rule = PURPOSE,
	    .spec = { .eku = "" },
	    .server = true },
	{ .name = "for_servers",
	    .rule = PURPOSE,
	    .spec = { .eku = "serverAuth" },
	    .server = true },
	{ .name = "for_clients",
	    .rule = PURPOSE,
	    .spec = { .eku = "clientAuth" } },
	{ .name = "for_both",
	    .rule = PURPOSE,
	    .spec = { .eku = "serverAuth,clientAuth" } },
	{ .name = "for_anything",
	    .rule = PURPOSE,
	    .spec = { .eku = "anyExtendedKeyUsage" },
	    .server = true },
	{ .name = "for_clients_only",
	    .rule = PURPOSE,
	    .spec = { .eku = "clientAuth" },
	    .server = true,
	    .why = "its extendedKeyUsage has no serverAuth" },
	{ .name = "for_servers_only",
	    .rule = PURPOSE,
	    .spec = { .eku = "serverAuth,codeSigning" },
	    .why = "its extendedKeyUsage has no clientAuth" },
};

static bool
ask(const struct rule_case *c, const X509 *cert, char *why, size_t size)
{
	switch (c->rule) {
	case DIGEST:
		return tls_rules_digest(cert, why, size);
	case KEY:
		return tls_rules_key(cert, why, size);
	case USAGE:
		return tls_rules_usage(cert, c->bits, why, size);
	default:
		return tls_rules_purpose(cert, c->server, why, size);
	}
}

static void
rule(void **state)
{
	const struct rule_case *c = *state;
	struct pki_spec spec = c->spec;
	struct pki_cert cert;
	char why[128] = "";

	spec.name = "a.test";
	pki_make(&cert, NULL, &spec);
	assert_int_equal(ask(c, cert.cert, why, sizeof(why)), c->why == NULL);
	if (c->why == NULL)
		assert_string_equal(why, "");
	else if (strstr(why, c->why) == NULL)
		fail_msg("no \"%s\" in: %s", c->why, why);
	pki_free(&cert);
}

int
main(void)
{
	struct CMUnitTest tests[LEN(rows)];

	for (size_t i = 0; i < LEN(rows); i++)
		tests[i] = (struct CMUnitTest){ .name = rows[i].name,
			.test_func = rule,
			.initial_state = (void *)&rows[i] };
	return cmocka_run_group_tests_name("tls/rules", tests, NULL, NULL);
}
