#include "rules_bag.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>

#include "cred/store.h"

static void
good_psk(struct bag *b)
{
	bag_put(b, 4, CRED_PSK, bag_psk, sizeof(bag_psk));
	bag_put_text(b, 4, CRED_PSK_ID, "sensor-1");
}

static void
two_stores(struct bag *b)
{
	bag_good(b);
	bag_put_ca(b, 1, &b->p.ca);
	b->subjects[3].store = "b.zcred";
}

static void
no_psk_id(struct bag *b)
{
	bag_put(b, 4, CRED_PSK, bag_psk, sizeof(bag_psk));
}

static void
no_psk(struct bag *b)
{
	bag_put_text(b, 4, CRED_PSK_ID, "sensor-1");
}

/* Bytes without any pattern. */
static void
put_psk(struct bag *b, size_t len)
{
	unsigned char key[600] = { 0 };

	for (size_t i = 0; i < len; i++)
		key[i] = (unsigned char)(i * i * 7 + 0x9d);
	bag_put(b, 4, CRED_PSK, key, len);
	bag_put_text(b, 4, CRED_PSK_ID, "sensor-1");
}

static void
psk_of_32(struct bag *b)
{
	put_psk(b, 32);
}

static void
psk_of_33(struct bag *b)
{
	put_psk(b, 33);
}

static void
psk_of_33_for_the_library(struct bag *b)
{
	put_psk(b, 33);
	b->rules.target = TARGET_OPENSSL;
}

static void
psk_of_513_for_the_library(struct bag *b)
{
	put_psk(b, 513);
	b->rules.target = TARGET_OPENSSL;
}

static void
psk_of_none(struct bag *b)
{
	put_psk(b, 0);
}

static void
put_long_id(struct bag *b, size_t len, enum target target)
{
	char id[300];

	memset(id, 'i', sizeof(id));
	bag_put(b, 4, CRED_PSK, bag_psk, sizeof(bag_psk));
	bag_put(b, 4, CRED_PSK_ID, id, len);
	b->rules.target = target;
}

static void
id_of_256_for_the_library(struct bag *b)
{
	put_long_id(b, 256, TARGET_OPENSSL);
}

static void
id_of_257_for_the_library(struct bag *b)
{
	put_long_id(b, 257, TARGET_OPENSSL);
}

static void
id_of_257_for_zephyr(struct bag *b)
{
	put_long_id(b, 257, TARGET_ZEPHYR);
}

static void
id_of_none(struct bag *b)
{
	put_long_id(b, 0, TARGET_ZEPHYR);
}

static void
put_psk_text(struct bag *b, const char *key)
{
	bag_put_text(b, 4, CRED_PSK, key);
	bag_put_text(b, 4, CRED_PSK_ID, "sensor-1");
}

static void
psk_is_short(struct bag *b)
{
	bag_put(b, 4, CRED_PSK, bag_psk, 8);
	bag_put_text(b, 4, CRED_PSK_ID, "sensor-1");
}

static void
psk_is_text(struct bag *b)
{
	put_psk_text(b, "correct horse battery");
}

static void
psk_repeats(struct bag *b)
{
	bag_put(b, 4, CRED_PSK, "\x91\x22\x91\x22\x91\x22\x91\x22\x91\x22\x91",
	    11);
	bag_put_text(b, 4, CRED_PSK_ID, "sensor-1");
}

static void
psk_is_hex(struct bag *b)
{
	put_psk_text(b, "9d107fc3218055EE016ab94473d23cf8");
}

static void
psk_begins_with_zero(struct bag *b)
{
	unsigned char key[sizeof(bag_psk)];

	memcpy(key, bag_psk, sizeof(key));
	key[0] = 0;
	bag_put(b, 4, CRED_PSK, key, sizeof(key));
	bag_put_text(b, 4, CRED_PSK_ID, "sensor-1");
}

static void
id_ends_in_nul(struct bag *b)
{
	bag_put(b, 4, CRED_PSK, bag_psk, sizeof(bag_psk));
	bag_put(b, 4, CRED_PSK_ID, "sensor-1", 9);
}

static void
id_ends_in_newline(struct bag *b)
{
	bag_put(b, 4, CRED_PSK, bag_psk, sizeof(bag_psk));
	bag_put_text(b, 4, CRED_PSK_ID, "sensor-1\n");
}

static void
tag_is_mixed(struct bag *b)
{
	bag_put_ca(b, 4, &b->p.ca);
	good_psk(b);
}

static void
five(struct bag *b)
{
	bag_good(b);
	good_psk(b);
}

static void
five_of_five(struct bag *b)
{
	five(b);
	b->rules.max = 5;
}

static void
large_chain(struct bag *b)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(bio, b->p.ca.cert);
	PEM_write_bio_X509(bio, b->p.ca.cert);
	bag_put_bio(b, 1, CRED_CA_CERTIFICATE, bio, true);
}

static void
large_chain_without_nul(struct bag *b)
{
	BIO *bio = BIO_new(BIO_s_mem());

	PEM_write_bio_X509(bio, b->p.ca.cert);
	PEM_write_bio_X509(bio, b->p.ca.cert);
	bag_put_bio(b, 1, CRED_CA_CERTIFICATE, bio, false);
}

static void
large_chain_for_a_modem(struct bag *b)
{
	large_chain(b);
	b->rules.target = TARGET_NRF91;
}

/* Above 765 bytes as PEM and below as DER. */
static void
large_pem(struct bag *b)
{
	char san[400] = "DNS:localhost";

	for (int i = 0; i < 10; i++)
		snprintf(san + strlen(san), sizeof(san) - strlen(san),
		    ",DNS:host-%02d.some.domain.test", i);
	bag_put_made(b, &(struct pki_spec){ .san = san }, false);
	assert_true(b->items[0].len > 765);
}

static void
key_in_two_tags(struct bag *b)
{
	bag_good(b);
	bag_put_serv(b, 3, &b->p.server);
	bag_put_bytes(b, 3, CRED_PRIVATE_KEY, pki_key_der(&b->p.server));
	b->rules.max = 0;
}

static void
psk_in_two_tags(struct bag *b)
{
	good_psk(b);
	bag_put(b, 5, CRED_PSK, bag_psk, sizeof(bag_psk));
	bag_put_text(b, 5, CRED_PSK_ID, "sensor-2");
}

const struct rules_case rules_set_rows[] = {
	{ "a_good_set_has_no_findings", bag_good, "" },
	{ "a_good_psk_has_no_findings", good_psk, "" },
	{ "E02_pair_in_two_stores", two_stores, "E02" },
	{ "E09_psk_without_id", no_psk_id, "E09" },
	{ "E09_id_without_psk", no_psk, "E09" },
	{ "E12_not_psk_of_32", psk_of_32, "" },
	{ "E12_psk_of_33", psk_of_33, "E12 N41" },
	{ "E12_not_psk_of_33_in_the_library", psk_of_33_for_the_library, "" },
	{ "E12_psk_of_513_in_the_library", psk_of_513_for_the_library, "E12" },
	{ "E12_psk_of_none", psk_of_none, "E12 N41" },
	{ "E12_not_id_of_256_in_the_library", id_of_256_for_the_library, "" },
	{ "E12_id_of_257_in_the_library", id_of_257_for_the_library, "E12" },
	{ "E12_not_id_of_257_in_zephyr", id_of_257_for_zephyr, "" },
	{ "E12_id_of_none", id_of_none, "E12 N41" },
	{ "W27_short", psk_is_short, "W27" },
	{ "W27_text", psk_is_text, "W27" },
	{ "W27_repeats", psk_repeats, "W27" },
	{ "W28_hex", psk_is_hex, "W28" },
	{ "W29_nul", id_ends_in_nul, "W29" },
	{ "W29_newline", id_ends_in_newline, "W29" },
	{ "W31_psk_and_ca", tag_is_mixed, "W31" },
	{ "W32_five", five, "W32" },
	{ "W32_not_five_of_five", five_of_five, "" },
	{ "W33_two_certificates", large_chain, "W33" },
	{ "W33_beside_another_finding", large_chain_without_nul,
	    "E05 W33 N41" },
	{ "W33_not_for_a_modem", large_chain_for_a_modem, "" },
	{ "W33_not_what_der_makes_small", large_pem, "" },
	{ "W35_begins_with_zero", psk_begins_with_zero, "W35" },
	{ "W38_key_in_two_encodings", key_in_two_tags, "W38" },
	{ "W38_psk", psk_in_two_tags, "W38" },
};
const size_t rules_set_count = LEN(rules_set_rows);
