#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * The limits of the target, as its Kconfig file has them.  None is in force
 * unless ZSOCK_LIMITS or the program asks for it.
 */
enum limit {
	LIMIT_FDS,           /* numbers: ENFILE */
	LIMIT_CONTEXTS,      /* internet sockets: ENOENT */
	LIMIT_TLS_CONTEXTS,  /* secure sockets: ENOMEM */
	LIMIT_TLS_TAGS,      /* TLS_SEC_TAG_LIST: EINVAL */
	LIMIT_TLS_SUITES,    /* TLS_CIPHERSUITE_LIST: EINVAL */
	LIMIT_TLS_PROTOCOLS, /* TLS_ALPN_LIST: EINVAL */
	LIMIT_TLS_SESSIONS,  /* that clients keep to come back to */
	/* Secure sockets, and clients of DTLS servers beyond the first. */
	LIMIT_TLS_SESSION_CONTEXTS,
	LIMIT_TLS_CONTENT,   /* bytes of data in a DTLS record: ECONNABORTED */
	LIMIT_DTLS_FRAGMENT, /* the same, as a power of two */
	LIMIT_DTLS_SENDMSG,  /* bytes of several buffers: EMSGSIZE */
	LIMIT_DTLS_IDLE_MS,  /* until a server's silent session ends */
	LIMIT_CREDENTIALS,   /* tls_credential_add: -ENOMEM */
	LIMIT_POLL,          /* slots of one poll or select: ENOMEM */
	LIMIT_PAIR_BUFFER,   /* bytes in a socketpair, each way */
	LIMIT_PAIRS,         /* socketpairs: ENOMEM */
	LIMIT_EVENTS,        /* eventfds: ENOMEM */
	LIMIT_RECV_WINDOW,   /* bytes, TCP */
	LIMIT_SEND_WINDOW,   /* bytes, TCP */
	LIMIT_TX_BUFFERS,    /* of LIMIT_BUFFER_SIZE: a datagram, ENOMEM */
	LIMIT_BUFFER_SIZE,   /* bytes */
	LIMIT_CONNECT_MS,
	LIMIT_SEND_MS,
	LIMIT_HANDSHAKE_MS,
	LIMIT_DNS_MS,
	LIMIT_DNS_ENTRIES, /* addresses in one answer */
	LIMIT_COUNT
};

/*
 * Not to be used outside this header and limits.c: the limits, plus one, so
 * that 0, the initial value, is none.
 */
extern atomic_int limit_values[LIMIT_COUNT];

/* The limit in force, or fallback if there is none. */
static inline int
limit_get(enum limit l, int fallback)
{
	const int value =
	    atomic_load_explicit(&limit_values[l], memory_order_relaxed);

	return value == 0 ? fallback : value - 1;
}

/* Its Kconfig symbol, as the file spelled it or as the newest Zephyr does. */
const char *limit_symbol(enum limit l);

/* CONFIG_NET_HOSTNAME, or NULL. */
const char *limit_hostname(void);

/*
 * Counts one thing more; false, and a line that names the symbol to raise, if
 * the limit forbids it.  limit_give counts one less.
 */
bool limit_take(enum limit l, const char *what);
void limit_give(enum limit l);

/* The same without a line. */
bool limit_try(enum limit l);

/* The line alone: asked for is more than the limit in force. */
void limit_exceeded(enum limit l, const char *what);

/*
 * Reads a Kconfig file (prj.conf, .config): symbols above take effect, all
 * others are passed over.  Returns 0, or a negative errno with a sentence in
 * why, which names file and line; nothing has changed then.  -EINVAL: a value
 * of one of them is not what Kconfig writes; else why the file cannot be read.
 */
int limits_load(const char *path, char *why, size_t size);

/*
 * One of them by its symbol; -1 is no limit.  -ENOENT: no such symbol; -EINVAL:
 * the value is below -1, or INT_MAX.
 */
int limits_set(const char *symbol, int value);

/* No limit is in force; what was counted stays counted.  For tests. */
void limits_clear(void);

/* Loads what ZSOCK_LIMITS names, once; exits with 78 if that fails. */
void limits_from_environment(void);

/* Hold the lock across a fork. */
void limits_freeze(void);
void limits_thaw(void);

#endif
