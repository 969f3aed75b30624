#include "rules_bag.h"

#include <stdlib.h>
#include <string.h>

#include "cred/store.h"

static void
another_host(struct bag *b)
{
	bag_good(b);
	b->rules.host = "other.test";
}

static void
its_host(struct bag *b)
{
	bag_good(b);
	b->rules.host = "LOCALHOST";
}

static void
hidden_common_name(struct bag *b)
{
	bag_put_made(b,
	    &(struct pki_spec){ .name = "dev.test", .san = "DNS:other.test" },
	    false);
	b->rules.host = "dev.test";
}

static void
common_name_alone(struct bag *b)
{
	bag_put_made(b, &(struct pki_spec){ .name = "dev.test" }, false);
	b->rules.host = "dev.test";
}

/* What "openssl x509 -req" makes if it is told no more. */
static void
common_name_without_uses(struct bag *b)
{
	bag_put_made(b, &(struct pki_spec){ .name = "broker.example.com" },
	    false);
}

static void
common_name_of_a_device_without_uses(struct bag *b)
{
	bag_put_made(b, &(struct pki_spec){ .name = "urn:dev:1" }, false);
}

static void
common_name_of_a_server(struct bag *b)
{
	bag_put_made(b,
	    &(struct pki_spec){ .name = "dev.test", .eku = "serverAuth" },
	    false);
}

static void
host_and_a_client(struct bag *b)
{
	struct pki_cert client;

	bag_good(b);
	pki_make(&client, &b->p.ca,
	    &(struct pki_spec){ .name = "client", .eku = "clientAuth" });
	bag_put_pair(b, 3, &client);
	pki_free(&client);
	b->rules.host = "localhost";
	b->rules.max = 0;
}

static void
address_of_a_host(struct bag *b)
{
	bag_good(b);
	b->rules.host = "127.0.0.1";
}

static void
address_as_text(struct bag *b)
{
	bag_put_made(b,
	    &(struct pki_spec){ .san = "DNS:127.0.0.1,IP:127.0.0.1" }, false);
	b->rules.host = "127.0.0.1";
}

static void
addresses_alone(struct bag *b)
{
	bag_put_made(b, &(struct pki_spec){ .san = "IP:10.0.0.1" }, false);
}

static void
addresses_alone_for_the_library(struct bag *b)
{
	addresses_alone(b);
	b->rules.target = TARGET_OPENSSL;
}

static void
addresses_alone_and_a_host(struct bag *b)
{
	addresses_alone(b);
	b->rules.host = "localhost";
}

static void
client_use_of_a_server(struct bag *b)
{
	bag_put_made(b,
	    &(struct pki_spec){ .san = "DNS:localhost", .eku = "clientAuth" },
	    false);
	b->rules.host = "localhost";
}

static void
client_with_a_dns_name(struct bag *b)
{
	bag_put_made(b,
	    &(struct pki_spec){ .san = "DNS:dev1.test", .eku = "clientAuth" },
	    false);
}

static void
server_use_of_a_client(struct bag *b)
{
	bag_put_made(b,
	    &(struct pki_spec){ .name = "client", .eku = "serverAuth" }, false);
}

static void
both_uses(struct bag *b)
{
	bag_put_made(b,
	    &(struct pki_spec){ .san = "DNS:localhost",
	        .eku = "serverAuth,clientAuth" },
	    false);
}

const struct rules_case rules_names_rows[] = {
	{ "E15_another_host", another_host, "E15" },
	{ "E15_its_host_in_any_case", its_host, "" },
	{ "E15_common_name_beside_others", hidden_common_name, "E15" },
	{ "E15_not_for_the_client_beside_a_server", host_and_a_client, "" },
	{ "E15_addresses_alone", addresses_alone_and_a_host, "E15" },
	{ "W23_server_for_clients", client_use_of_a_server, "W23" },
	{ "W23_client_for_servers", server_use_of_a_client, "W23" },
	{ "W23_not_a_client_with_a_dns_name", client_with_a_dns_name, "" },
	{ "W23_not_for_both", both_uses, "" },
	{ "W24_common_name_alone", common_name_alone, "W24" },
	{ "W24_common_name_without_uses", common_name_without_uses, "W24" },
	{ "W24_not_for_a_device_without_uses",
	    common_name_of_a_device_without_uses, "" },
	{ "W24_common_name_of_a_server", common_name_of_a_server, "W24" },
	{ "W25_the_address_that_is_asked_for", address_of_a_host, "W25" },
	{ "W25_addresses_alone", addresses_alone, "W25" },
	{ "W25_not_an_address_that_is_a_dns_name", address_as_text, "" },
	{ "W25_not_for_the_library", addresses_alone_for_the_library, "" },
};
const size_t rules_names_count = LEN(rules_names_rows);
