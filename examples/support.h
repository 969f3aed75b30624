#ifndef EXAMPLES_SUPPORT_H
#define EXAMPLES_SUPPORT_H

#include <stdbool.h>
#include <stddef.h>

#include <zephyr/net/socket.h>
#include <zephyr/net/tls_credentials.h>

/* Put before every message of the example; main sets it first. */
extern const char *program;

/* "program: message" on stderr.  Always false, so that callers return it. */
bool complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* "ECONNABORTED (Software caused connection abort)", until the next call. */
const char *errno_text(int err);

/* Is "-h" or "--help" all that was given? */
bool wants_help(int argc, char **argv);

/* A decimal number from least to 65535. */
bool parse_port(const char *text, int least, int *port);

/*
 * Read file into buf and add it as a credential.  PEM gets the final NUL that
 * Zephyr wants to see counted; DER is taken as it is.  buf has to stay valid
 * for as long as the credential is used, because a device keeps the pointer.
 */
bool load_credential(const char *file, sec_tag_t tag,
    enum tls_credential_type type, char *buf, size_t size);

/* What a hexadecimal digit stands for; -1 if it is none. */
int hex_digit(char c);

/*
 * The addresses of host, for zsock_freeaddrinfo; NULL if there are none.  type
 * is NET_SOCK_STREAM or NET_SOCK_DGRAM.
 */
struct zsock_addrinfo *find_host(const char *host, int port, int type);

/* "127.0.0.1" or "::1", until the next call. */
const char *address_text(const struct net_sockaddr *addr);

/* A socket bound to an IPv4 or IPv6 address, of the family it says; or -1. */
int bind_address(const char *address, int port, int type, int proto);

/* Prints "listening on PORT", also to who waits for it at a pipe. */
bool tell_port(int sock);

/* zsock_setsockopt; what is the option's name in a message. */
bool set_option(int sock, int level, int name, const void *val, size_t len,
    const char *what);

/* Send all of it, however many calls that takes. */
bool send_all(int sock, const char *data, size_t len);

#endif
