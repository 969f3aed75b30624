#include "rules_bag.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/pem.h>

#include "cred/store.h"

static void
key_of_another(struct bag *b)
{
	bag_put_ca(b, 1, &b->p.ca);
	bag_put_serv(b, 2, &b->p.server);
	bag_put_key(b, 2, &b->p.ca);
}

static void
pair_of_two_tags(struct bag *b)
{
	bag_put_serv(b, 2, &b->p.server);
	bag_put_key(b, 3, &b->p.server);
}

static const int tags_2_3[] = { 2, 3 }, tags_1[] = { 1 }, tags_2[] = { 2 };

static void
pair_of_two_tags_of_a_socket(struct bag *b)
{
	bag_put_ca(b, 3, &b->p.ca);
	pair_of_two_tags(b);
	b->rules.tags = tags_2_3;
	b->rules.ntags = 2;
}

static void
wrong_pair_of_two_tags_of_a_socket(struct bag *b)
{
	bag_put_ca(b, 3, &b->p.ca);
	bag_put_serv(b, 2, &b->p.server);
	bag_put_key(b, 3, &b->p.ca);
	b->rules.tags = tags_2_3;
	b->rules.ntags = 2;
}

static void
no_key(struct bag *b)
{
	bag_put_serv(b, 2, &b->p.server);
}

static void
no_serv(struct bag *b)
{
	bag_put_key(b, 2, &b->p.server);
}

static void
another_ca_of_that_name(struct bag *b)
{
	bag_put_made_ca(b, &(struct pki_spec){ .name = "Test CA", .ca = true });
	bag_put_pair(b, 2, &b->p.server);
}

static void
another_ca(struct bag *b)
{
	bag_put_made_ca(b,
	    &(struct pki_spec){ .name = "Other CA", .ca = true });
	bag_put_pair(b, 2, &b->p.server);
}

static void
self_signed(struct bag *b)
{
	bag_put_ca(b, 1, &b->p.ca);
	bag_put_made(b, &(struct pki_spec){ .san = "DNS:localhost" }, true);
}

static void
no_ca_here(struct bag *b)
{
	bag_put_pair(b, 2, &b->p.server);
}

static void
no_ca_in_the_tags(struct bag *b)
{
	bag_good(b);
	b->rules.tags = tags_2;
	b->rules.ntags = 1;
}

static void
ca_in_the_tags(struct bag *b)
{
	bag_good(b);
	b->rules.tags = tags_1;
	b->rules.ntags = 1;
}

/* What a cloud gives a device, whose CA is of its servers alone. */
static void
put_of_another_ca(struct bag *b, const char *name)
{
	struct pki_cert ca, device;

	pki_make(&ca, NULL,
	    &(struct pki_spec){ .name = "Devices", .ca = true });
	pki_make(&device, &ca, &(struct pki_spec){ .name = name });
	bag_put_ca(b, 1, &b->p.ca);
	bag_put_pair(b, 1, &device);
	pki_free(&ca);
	pki_free(&device);
}

static void
device_of_a_cloud(struct bag *b)
{
	put_of_another_ca(b, "device-1");
}

static void
server_of_another_ca(struct bag *b)
{
	put_of_another_ca(b, "broker.example.com");
}

static void
device_of_a_cloud_and_tags(struct bag *b)
{
	device_of_a_cloud(b);
	b->rules.tags = tags_1;
	b->rules.ntags = 1;
}

/* certs[2] is the root, certs[1] between; what is sent is the caller's. */
static void
make_three(struct pki_cert certs[3], const struct pki_spec *between)
{
	const struct pki_spec specs[3] = {
		{ .name = "localhost", .san = "DNS:localhost" },
		*between,
		{ .name = "Root", .ca = true },
	};

	pki_make_chain(certs, NULL, specs, 3);
}

static void
put_three(struct bag *b, const struct pki_cert certs[3],
    const struct pki_cert *sent, size_t n)
{
	bag_put_ca(b, 1, &certs[2]);
	bag_put_chain(b, sent, n);
	bag_put_key(b, 2, &certs[0]);
}

static void
free_three(struct pki_cert certs[3])
{
	for (int i = 0; i < 3; i++)
		pki_free(&certs[i]);
}

static const struct pki_spec between = { .name = "Between", .ca = true };

static void
whole_chain(struct bag *b)
{
	struct pki_cert c[3];

	make_three(c, &between);
	put_three(b, c, c, 2);
	free_three(c);
}

static void
one_between_is_missing(struct bag *b)
{
	struct pki_cert c[3];

	make_three(c, &between);
	put_three(b, c, c, 1);
	free_three(c);
}

static void
one_between_is_no_ca(struct bag *b)
{
	struct pki_cert c[3];

	make_three(c, &(struct pki_spec){ .name = "Between" });
	put_three(b, c, c, 2);
	free_three(c);
}

static void
one_between_is_the_anchor(struct bag *b)
{
	struct pki_cert c[3];

	make_three(c, &between);
	bag_put_ca(b, 1, &c[1]);
	bag_put_pair(b, 2, &c[0]);
	free_three(c);
}

static void
path_is_too_long(struct bag *b)
{
	struct pki_cert c[4];
	const struct pki_spec specs[4] = {
		{ .name = "localhost", .san = "DNS:localhost" },
		{ .name = "Second", .ca = true },
		{ .name = "First",
		    .ca = true,
		    .basic = "critical,CA:TRUE,pathlen:0" },
		{ .name = "Root", .ca = true },
	};

	pki_make_chain(c, NULL, specs, 4);
	bag_put_ca(b, 1, &c[3]);
	bag_put_chain(b, c, 3);
	bag_put_key(b, 2, &c[0]);
	for (int i = 0; i < 4; i++)
		pki_free(&c[i]);
}

static void
root_is_sent(struct bag *b)
{
	struct pki_cert c[3];

	make_three(c, &between);
	put_three(b, c, c, 3);
	free_three(c);
	b->rules.target = TARGET_OPENSSL;
}

static void
own_is_not_first(struct bag *b)
{
	struct pki_cert c[3];

	make_three(c, &between);
	put_three(b, c, (struct pki_cert[]){ c[1], c[0] }, 2);
	free_three(c);
}

static void
chain_is_mixed(struct bag *b)
{
	struct pki_cert c[4];
	const struct pki_spec specs[4] = {
		{ .name = "localhost", .san = "DNS:localhost" },
		{ .name = "Second", .ca = true },
		{ .name = "First", .ca = true },
		{ .name = "Root", .ca = true },
	};

	pki_make_chain(c, NULL, specs, 4);
	bag_put_ca(b, 1, &c[3]);
	bag_put_chain(b, (struct pki_cert[]){ c[0], c[2], c[1] }, 3);
	bag_put_key(b, 2, &c[0]);
	for (int i = 0; i < 4; i++)
		pki_free(&c[i]);
	b->rules.target = TARGET_OPENSSL;
}

const struct rules_case rules_chain_rows[] = {
	{ "E07_the_key_of_another", key_of_another, "E07 N41" },
	{ "E07_in_two_tags_of_a_socket", wrong_pair_of_two_tags_of_a_socket,
	    "E07 N41" },
	{ "E08_certificate_without_key", no_key, "E08" },
	{ "E08_key_without_certificate", no_serv, "E08" },
	{ "E08_pair_in_two_tags", pair_of_two_tags, "E08 E08" },
	{ "E08_pair_in_two_tags_of_a_socket", pair_of_two_tags_of_a_socket,
	    "" },
	{ "E16_another_ca_of_that_name", another_ca_of_that_name, "E16" },
	{ "E16_another_ca", another_ca, "E16" },
	{ "E16_self_signed", self_signed, "E16" },
	{ "E16_not_without_a_ca", no_ca_here, "" },
	{ "E16_no_ca_in_the_tags", no_ca_in_the_tags, "E16" },
	{ "E16_not_with_the_ca_in_the_tags", ca_in_the_tags, "" },
	{ "N43_for_a_device_of_a_cloud", device_of_a_cloud, "N43" },
	{ "E16_for_a_server_of_another_ca", server_of_another_ca, "E16 W24" },
	{ "E16_for_a_device_and_tags", device_of_a_cloud_and_tags, "E16" },
	{ "E16_not_for_a_whole_chain", whole_chain, "W33" },
	{ "E16_one_between_is_missing", one_between_is_missing, "E16" },
	{ "E16_one_between_is_no_ca", one_between_is_no_ca, "E16" },
	{ "E16_one_between_may_be_the_anchor", one_between_is_the_anchor, "" },
	{ "E16_path_is_too_long", path_is_too_long, "E16" },
	{ "W30_root_is_sent", root_is_sent, "W30" },
	{ "W30_own_is_not_first", own_is_not_first, "W30" },
	{ "W30_chain_is_mixed", chain_is_mixed, "W30" },
};
const size_t rules_chain_count = LEN(rules_chain_rows);
