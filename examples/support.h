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

/* An option of a command line, either with a value or one that is there. */
struct argument_option {
	const char *name; /* NULL after the last one */
	const char **value;
	bool *on;
};

/* The options, at any place, and n others, called names in a complaint. */
bool parse_command_line(int argc, char **argv,
    const struct argument_option *options, const char **others, int n,
    const char *names);

/*
 * Read file into buf and add it as a credential.  PEM gets the final NUL that
 * Zephyr wants to see counted; DER is taken as it is.  buf has to stay valid
 * for as long as the credential is used, because a device keeps the pointer.
 */
bool load_credential(const char *file, sec_tag_t tag,
    enum tls_credential_type type, char *buf, size_t size);

/* Is it stored already?  If not, files are the arguments that are missing. */
bool has_credential(sec_tag_t tag, enum tls_credential_type type,
    const char *files);

/*
 * Add a pre-shared key and its identity as credentials.  The file has the key
 * as a line of hexadecimal digits; identity has to stay valid.
 */
bool load_psk(const char *identity, const char *key_file, sec_tag_t tag);

/* The beginning of data without control characters, until the next call. */
const char *printable(const void *data, size_t len);

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
