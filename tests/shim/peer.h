#ifndef SHIM_PEER_H
#define SHIM_PEER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

/*
 * The peer of the tests of the preload library: an ordinary program over the
 * system's OpenSSL, which starts the program under test and does what that
 * asks for.  What it is told and answers is in peer_cmds.c.
 */
enum peer_kind { PEER_PLAIN, PEER_TLS, PEER_DTLS };

/* What is done with a connection as soon as there is one. */
enum peer_mode {
	MODE_ECHO,   /* sends back what comes */
	MODE_SINK,   /* reads to the end */
	MODE_SPEAK,  /* sends 300 bytes in one record, then as echo */
	MODE_SCRIPT, /* what it is told */
	MODE_MUTE    /* never answers, not even a handshake */
};

struct link {
	struct link *next;
	int number, fd;
	SSL *ssl; /* NULL: plain */
	enum peer_mode mode;
	bool client, replied;
	/* Under peer.lock: the handshake is over, well or not; its thread runs. */
	bool settled, failed, busy;

	/* What came; written by the one thread that reads. */
	uint64_t in, hash, marks, strange;
	unsigned int notify, bad;
	const char *end; /* "open", "notify", "eof", "reset" or "bad" */
	char reason[160];

	uint64_t out; /* how much of the pattern has been sent */
	unsigned char *held;
	size_t nheld, sent, piece; /* a record that is sent in pieces */
};

struct peer {
	enum peer_kind kind;
	enum peer_mode mode;
	int listener, port;
	SSL_CTX *server, *client;
	pthread_mutex_t lock;
	pthread_cond_t news;
	struct link *links, *now;
	int nlinks, taken;
};

extern struct peer peer;

/* Ends the program: what is missing is no finding about the code under test. */
#define NEED(cond) \
	do { \
		if (!(cond)) \
			peer_die(#cond, __LINE__); \
	} while (0)
void peer_die(const char *what, int line) __attribute__((noreturn));

/* The byte of the pattern at this offset: printable, never a newline. */
static inline unsigned char
pattern_at(uint64_t at)
{
	return (unsigned char)('!' + at % 89);
}

/* What hash begins with. */
#define HASH_BASIS UINT64_C(0xcbf29ce484222325)

/* A connection that has come or, if client, that was made. */
struct link *link_add(int fd, enum peer_mode mode, bool client);
struct link *link_find(int number);

/* Its thread: the handshake, then what the mode says. */
void link_start(struct link *l);

/* Does in a thread of its own what mode says. */
void link_continue(struct link *l, enum peer_mode mode);

/* Waits for the thread, ms at most. */
bool link_join(struct link *l, int ms);

/* Data that came: > 0, or 0 at the end, which is noted in l. */
size_t link_read(struct link *l, void *buf, size_t len);

/* Reads to the end of the data, then to that of the connection. */
void link_drain(struct link *l);

/* n bytes of the pattern in records of size bytes, by one send. */
bool link_send(struct link *l, size_t n, size_t size);
bool link_write(struct link *l, const void *buf, size_t len);

/* One record of n bytes, made now, that link_piece sends in k pieces. */
bool link_hold(struct link *l, size_t n, size_t k);
bool link_piece(struct link *l);

/* "N in=... " of facts, without a newline. */
void link_say(const struct link *l, char *buf, size_t size);

/* Answers one command of the program. */
void cmds_answer(char *line, char *answer, size_t size);

/* Begins a connection to a port of the program's. */
struct link *peer_dial(int port, bool shake);

#endif
