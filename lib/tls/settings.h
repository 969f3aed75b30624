#ifndef TLS_SETTINGS_H
#define TLS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longest TLS_HOSTNAME, in bytes without its NUL, as on the device. */
#define TLS_HOSTNAME_MAX 255

/* Values of TLS_PEER_VERIFY; unset means the role's default. */
enum tls_verify {
	TLS_VERIFY_UNSET = -1,
	TLS_VERIFY_NONE = 0,
	TLS_VERIFY_OPTIONAL = 1,
	TLS_VERIFY_REQUIRED = 2,
};

enum tls_role { TLS_ROLE_CLIENT, TLS_ROLE_SERVER };

/*
 * TLS_CERT_VERIFY_CALLBACK: as Mbed TLS calls it, for each certificate of the
 * peer's chain.  See verify.h for what cert is.  0, or the handshake fails.
 */
struct tls_verify_callback {
	int (*call)(void *ctx, void *cert, int depth, uint32_t *flags);
	void *ctx;
};

/* What a program has said through SOL_TLS options.  The owner's lock guards. */
struct tls_settings {
	int *tags;
	size_t ntags;
	int tags_error; /* errno of the last attempt to set tags, 0 is good */
	char *hostname; /* NULL is any name if hostname_set, else no name */
	bool hostname_set;
	enum tls_verify verify;
	int *suites; /* IANA numbers, the most wanted first; none is all */
	size_t nsuites;
	/* The program's own strings: they must be there at the handshake. */
	const char **protocols;
	size_t nprotocols;
	bool cache;       /* TLS_SESSION_CACHE */
	int max_fragment; /* TLS_MAX_FRAGMENT_LENGTH, 1 to 4; less is none */
	struct tls_verify_callback callback;
	/* What datagrams alone have a use for. */
	uint32_t timeout_min_ms, timeout_max_ms;
	int dtls_role;
	int on_connect; /* TLS_DTLS_HANDSHAKE_ON_CONNECT */
};

void tls_settings_init(struct tls_settings *s);
void tls_settings_fini(struct tls_settings *s);

/* Makes an initialised dst equal to src: what an accepted socket inherits. */
int tls_settings_copy(struct tls_settings *dst, const struct tls_settings *src);

/*
 * The setters copy their argument (of protocol names the pointers, as the
 * device does) and return 0, -EINVAL for a value that the
 * option does not have, or -ENOMEM; on failure nothing has changed.
 */
int tls_settings_set_tags(struct tls_settings *s, const int *tags, size_t n);
int tls_settings_set_hostname(struct tls_settings *s, const char *name);
int tls_settings_set_verify(struct tls_settings *s, int verify);
int tls_settings_set_suites(struct tls_settings *s, const int *ids, size_t n);
int tls_settings_set_protocols(struct tls_settings *s, const char *const *names,
    size_t n);
int tls_settings_set_max_fragment(struct tls_settings *s, int code);

/* The device's retransmission timeouts, unless the program sets others. */
#define TLS_TIMEOUT_MIN_MS 1000
#define TLS_TIMEOUT_MAX_MS 60000

/* The mode in force: clients require a verified peer, servers ask for none. */
enum tls_verify tls_settings_verify(const struct tls_settings *s,
    enum tls_role role);

#endif
