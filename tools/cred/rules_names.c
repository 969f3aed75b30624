#include "rules_own.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <openssl/x509v3.h>

#include "cred/store.h"
#include "say.h"
#include "tls/names.h"

/* As many addresses are looked for among the DNS names. */
#define ADDRESSES_MAX 64

/* What the alternative names of a certificate are. */
struct names {
	bool any;       /* it has the extension */
	int hosts;      /* DNS names */
	int addresses;  /* IP names */
	char alone[48]; /* the first of those without a DNS name of its text */
	bool asked_as_ip;  /* the host that was asked for is an IP name, */
	bool asked_as_dns; /* is a DNS name */
};

static bool
is_dns_name(GENERAL_NAMES *all, const char *text)
{
	int type;

	for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
		const ASN1_STRING *value =
		    GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(all, i),
		        &type);

		if (type == GEN_DNS &&
		    (size_t)ASN1_STRING_length(value) == strlen(text) &&
		    strncasecmp((const char *)ASN1_STRING_get0_data(value),
		        text, strlen(text)) == 0)
			return true;
	}
	return false;
}

static bool
is_host(const ASN1_OCTET_STRING *ip, const char *host)
{
	ASN1_OCTET_STRING *asked = host != NULL && tls_names_is_address(host)
	    ? a2i_IPADDRESS(host)
	    : NULL;
	const bool is = asked != NULL && ASN1_OCTET_STRING_cmp(asked, ip) == 0;

	ASN1_OCTET_STRING_free(asked);
	return is;
}

static void
see_address(struct names *n, GENERAL_NAMES *all, const ASN1_OCTET_STRING *ip,
    const char *host)
{
	const int len = ASN1_STRING_length(ip);
	char text[INET6_ADDRSTRLEN];

	if (n->addresses++ >= ADDRESSES_MAX)
		return;
	n->asked_as_ip |= is_host(ip, host);
	if ((len != 4 && len != 16) || n->alone[0] != '\0' ||
	    inet_ntop(len == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(ip),
	        text, sizeof(text)) == NULL)
		return;
	if (!is_dns_name(all, text))
		snprintf(n->alone, sizeof(n->alone), "%s", text);
}

static struct names
names_of(X509 *cert, const char *host)
{
	struct names n = {
		.any = X509_get_ext_by_NID(cert, NID_subject_alt_name, -1) >= 0,
	};
	GENERAL_NAMES *all =
	    X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	int type;

	for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
		const void *value =
		    GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(all, i),
		        &type);

		n.hosts += type == GEN_DNS;
		if (type == GEN_IPADD)
			see_address(&n, all, value, host);
	}
	n.asked_as_dns = host != NULL && is_dns_name(all, host);
	GENERAL_NAMES_free(all);
	return n;
}

/* Its extendedKeyUsage, if it has one, allows this. */
static bool
may_be(X509 *cert, uint32_t bit)
{
	return (X509_get_extended_key_usage(cert) & (bit | XKU_ANYEKU)) != 0;
}

bool
rules_names_host(X509 *cert)
{
	char name[RULES_NAME_MAX];
	struct in6_addr address;

	facts_name(cert, name, sizeof(name));
	return strchr(name, '.') != NULL ||
	    inet_pton(AF_INET6, name, &address) == 1 ||
	    strcasecmp(name, "localhost") == 0;
}

enum role { ROLE_OPEN, ROLE_SERVER, ROLE_CLIENT };

static bool
is_only_serv(const struct rules *r)
{
	int n = 0;

	for (size_t i = 0; i < r->n; i++)
		n += r->subjects[i].item->type == CRED_CERTIFICATE;
	return n == 1;
}

/*
 * What a certificate is meant for is nowhere said: a host that is asked for
 * tells it, or else the uses and names that it has.
 */
static enum role
role_of(const struct rules *r, X509 *leaf)
{
	const struct names n = names_of(leaf, r->host);
	const bool server = may_be(leaf, XKU_SSL_SERVER);
	const bool client = may_be(leaf, XKU_SSL_CLIENT);
	const bool hosts = n.hosts + n.addresses > 0;

	if (r->host != NULL)
		return server || hosts || is_only_serv(r) ? ROLE_SERVER
		                                          : ROLE_CLIENT;
	if (!server)
		return ROLE_CLIENT;
	if (hosts)
		return ROLE_SERVER;
	/* One without uses, as the plainest commands make it, may be either. */
	if (client &&
	    !(X509_get_ext_by_NID(leaf, NID_ext_key_usage, -1) < 0 &&
	        rules_names_host(leaf)))
		return ROLE_OPEN;
	return rules_names_host(leaf) ? ROLE_SERVER : ROLE_CLIENT;
}

RULE(e15)
{
	X509 *leaf = rules_leaf(r, s);
	char host[RULES_NAME_MAX], names[256];

	if (r->host == NULL || leaf == NULL || role_of(r, leaf) != ROLE_SERVER)
		return;
	if (tls_names_match(leaf, r->host))
		return;
	say_escape(r->host, strlen(r->host), host, sizeof(host));
	facts_san(leaf, names, sizeof(names));
	if (tls_names_match_hidden(leaf, r->host))
		rules_find(r, s,
		    "\"%s\" is its common name, which does not count beside "
		    "%s",
		    host, names);
	else if (names[0] != '\0')
		rules_find(r, s, "\"%s\" is not in %s", host, names);
	else
		rules_find(r, s, "\"%s\"; it has no alternative names", host);
}

RULE(w23)
{
	X509 *leaf = rules_leaf(r, s);
	char name[RULES_NAME_MAX];
	enum role role;

	if (leaf == NULL)
		return;
	role = role_of(r, leaf);
	facts_name(leaf, name, sizeof(name));
	if (role == ROLE_SERVER && !may_be(leaf, XKU_SSL_SERVER))
		rules_find(r, s, "\"%s\": no serverAuth", name);
	else if (role == ROLE_CLIENT && !may_be(leaf, XKU_SSL_CLIENT))
		rules_find(r, s,
		    "\"%s\": no clientAuth, and it names no host that a server "
		    "could be",
		    name);
}

RULE(w24)
{
	X509 *leaf = rules_leaf(r, s);
	char name[RULES_NAME_MAX];

	if (leaf == NULL || role_of(r, leaf) != ROLE_SERVER ||
	    names_of(leaf, NULL).any)
		return;
	facts_name(leaf, name, sizeof(name));
	rules_find(r, s, "its common name is \"%s\"", name);
}

/* An address beside DNS names matters only if it is the one that is asked for. */
RULE(w25)
{
	X509 *leaf = rules_leaf(r, s);
	char host[RULES_NAME_MAX];
	struct names n;

	if (leaf == NULL || role_of(r, leaf) != ROLE_SERVER)
		return;
	n = names_of(leaf, r->host);
	if (n.asked_as_ip && !n.asked_as_dns) {
		say_escape(r->host, strlen(r->host), host, sizeof(host));
		rules_find(r, s, "%s", host);
	} else if (r->host == NULL && n.hosts == 0 && n.alone[0] != '\0') {
		rules_find(r, s, "%s", n.alone);
	}
}
