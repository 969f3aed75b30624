#include "rules_bag.h"

#include <stdlib.h>
#include <string.h>

#include "cred/store.h"

static void
expired(struct bag *b)
{
	bag_put_ca(b, 1, &b->p.ca);
	bag_put_made(b,
	    &(struct pki_spec){ .san = "DNS:localhost",
	        .from_s = -9 * DAY_S,
	        .to_s = -DAY_S },
	    false);
}

static void
expired_for_a_modem(struct bag *b)
{
	expired(b);
	b->rules.target = TARGET_NRF91;
}

static void
expired_ca(struct bag *b)
{
	struct pki_cert old, server;

	pki_make(&old, NULL,
	    &(struct pki_spec){ .name = "Old CA",
	        .ca = true,
	        .from_s = -9 * DAY_S,
	        .to_s = -DAY_S });
	pki_make(&server, &old, &(struct pki_spec){ .san = "DNS:localhost" });
	bag_put_ca(b, 1, &old);
	bag_put_pair(b, 2, &server);
	pki_free(&old);
	pki_free(&server);
}

static void
valid_at_another_time(struct bag *b)
{
	bag_put_made(b,
	    &(struct pki_spec){ .san = "DNS:localhost",
	        .from_s = -9 * DAY_S,
	        .to_s = -DAY_S },
	    false);
	b->rules.at -= 2 * DAY_S;
}

static void
from_2090(struct bag *b)
{
	bag_put_ca(b, 1, &b->p.ca);
	bag_put_made(b,
	    &(struct pki_spec){ .san = "DNS:localhost",
	        .from_s = DAY_S,
	        .to_s = 9 * DAY_S },
	    false);
}

static void
ends_in_29_days(struct bag *b)
{
	bag_put_made(b,
	    &(struct pki_spec){ .san = "DNS:localhost",
	        .from_s = -DAY_S,
	        .to_s = 29 * DAY_S },
	    false);
	b->rules.days = 30;
}

static void
ends_in_31_days(struct bag *b)
{
	bag_put_made(b,
	    &(struct pki_spec){ .san = "DNS:localhost",
	        .from_s = -DAY_S,
	        .to_s = 31 * DAY_S },
	    false);
	b->rules.days = 30;
}

static void
rsa_1024(struct bag *b)
{
	bag_put_made(b,
	    &(struct pki_spec){ .san = "DNS:localhost", .key = PKI_RSA_1024 },
	    false);
}

static void
ed25519_key_alone(struct bag *b)
{
	struct pki_cert c;

	pki_make(&c, NULL,
	    &(struct pki_spec){ .name = "c", .key = PKI_ED25519 });
	bag_put_key(b, 2, &c);
	pki_free(&c);
}

static void
rsa_1024_key_alone(struct bag *b)
{
	struct pki_cert c;

	pki_make(&c, NULL, &(struct pki_spec){ .key = PKI_RSA_1024 });
	bag_put_key(b, 2, &c);
	pki_free(&c);
}

static void
sha1(struct bag *b)
{
	bag_put_made(b,
	    &(struct pki_spec){ .san = "DNS:localhost", .digest = PKI_SHA1 },
	    false);
}

static void
sha1_of_a_root(struct bag *b)
{
	bag_put_made_ca(b,
	    &(struct pki_spec){ .ca = true, .digest = PKI_SHA1 });
}

static void
ca_without_a_mark(struct bag *b)
{
	bag_put_made_ca(b,
	    &(struct pki_spec){ .name = "CA", .basic = "", .usage = "" });
}

static void
ca_that_signs_no_certificates(struct bag *b)
{
	bag_put_made_ca(b,
	    &(struct pki_spec){ .ca = true, .usage = "cRLSign" });
}

static void
ca_without_usage(struct bag *b)
{
	bag_put_made_ca(b, &(struct pki_spec){ .ca = true, .usage = "" });
}

static void
server_as_ca(struct bag *b)
{
	bag_put_made_ca(b, &(struct pki_spec){ .san = "DNS:localhost" });
}

/* It says nothing of itself, but is the own one of another tag. */
static void
own_as_ca(struct bag *b)
{
	bag_put_made(b, &(struct pki_spec){ .basic = "", .usage = "" }, true);
	bag_put(b, 1, CRED_CA_CERTIFICATE, b->items[0].data, b->items[0].len);
}

static void
put_ed25519(struct bag *b, enum target target)
{
	bag_put_made(b,
	    &(struct pki_spec){ .san = "DNS:localhost", .key = PKI_ED25519 },
	    false);
	b->rules.target = target;
}

static void
ed25519(struct bag *b)
{
	put_ed25519(b, TARGET_ZEPHYR);
}

static void
ed25519_for_the_library(struct bag *b)
{
	put_ed25519(b, TARGET_OPENSSL);
}

static void
other_curve(struct bag *b)
{
	bag_put_made(b,
	    &(struct pki_spec){ .san = "DNS:localhost", .key = PKI_P224 },
	    false);
}

const struct rules_case rules_cert_rows[] = {
	{ "E13_expired", expired, "E13 N40" },
	{ "E13_without_a_note_for_a_modem", expired_for_a_modem, "E13" },
	{ "E13_expired_ca_and_no_E16", expired_ca, "E13 N40" },
	{ "E13_not_at_another_time", valid_at_another_time, "" },
	{ "E14_not_yet_valid", from_2090, "E14 N40" },
	{ "W20_ends_in_29_days", ends_in_29_days, "W20 N40" },
	{ "W20_not_in_31_days", ends_in_31_days, "" },
	{ "W21_rsa_1024", rsa_1024, "W21" },
	{ "W21_rsa_1024_key_alone", rsa_1024_key_alone, "E08 W21" },
	{ "W21_sha1", sha1, "W21" },
	{ "W21_not_sha1_of_a_root", sha1_of_a_root, "" },
	{ "W22_without_basic_constraints", ca_without_a_mark, "W22" },
	{ "W22_without_keyCertSign", ca_that_signs_no_certificates, "W22" },
	{ "W22_not_without_any_usage", ca_without_usage, "" },
	{ "W36_ed25519", ed25519, "W36" },
	{ "W36_not_for_the_library", ed25519_for_the_library, "" },
	{ "W36_ed25519_key_alone", ed25519_key_alone, "E08 W36" },
	{ "W36_other_curve", other_curve, "W36" },
	{ "W37_server", server_as_ca, "W37" },
	{ "W37_own", own_as_ca, "W37" },
};
const size_t rules_cert_count = LEN(rules_cert_rows);
