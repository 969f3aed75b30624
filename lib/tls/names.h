#ifndef TLS_NAMES_H
#define TLS_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/x509.h>

/*
 * The names in a certificate, by the device's rules, which are not OpenSSL's:
 *
 * - With a subjectAltName extension the common name does not count, whatever
 *   kinds of names the extension has; without one it does.
 * - "*." at the beginning of a name stands for one label, never more or fewer,
 *   and any label; an asterisk anywhere else is a character.
 * - An address is found among the addresses (see QUIRK_TLS_NAME_NO_ADDRESS), and
 *   as text among the DNS names; a URI only as it is written.
 */
bool tls_names_match(const X509 *cert, const char *name);

/* Does the common name match, in a certificate whose other names hide it? */
bool tls_names_match_hidden(const X509 *cert, const char *name);

/* "DNS:a.test, IP Address:10.0.0.1"; the common name if there is no other. */
void tls_names_describe(const X509 *cert, char *buf, size_t size);

/* Is it the text of an IPv4 or IPv6 address? */
bool tls_names_is_address(const char *name);

/* "CN=localhost", cut to fit. */
void tls_names_describe_dn(const X509_NAME *name, char *buf, size_t size);

#endif
