#ifndef SHIM_PROG_H
#define SHIM_PROG_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * What the programs under test have in common.  Each is an ordinary program of
 * POSIX names that the peer (peer.c) has started: it does what its verb says,
 * and ends with 0 if all was as it must be, else with 1 and the place.  77: it
 * cannot be tried here, and the reason is printed.
 */
struct verb {
	const char *name;
	void (*run)(void);
};

int prog_main(int argc, char **argv, const struct verb *verbs, size_t n);
#define PROG_MAIN(verbs) \
	int main(int argc, char **argv) \
	{ \
		return prog_main(argc, argv, verbs, \
		    sizeof(verbs) / sizeof((verbs)[0])); \
	}

/* What is behind the verb on the command line, or NULL. */
const char *prog_arg(int i);

#define MUST(cond) \
	do { \
		const int must_saved = errno; \
		if (!(cond)) { \
			errno = must_saved; \
			prog_fail(__FILE__, __LINE__, #cond, 0, false); \
		} \
	} while (0)
#define MUST_BE(expr, value) \
	do { \
		const long long must_got = (long long)(expr); \
		if (must_got != (long long)(value)) \
			prog_fail(__FILE__, __LINE__, #expr " is " #value, \
			    must_got, true); \
	} while (0)

/* expr is -1 and errno is this one. */
#define MUST_FAIL(expr, error) \
	do { \
		errno = 0; \
		MUST_BE(expr, -1); \
		MUST_BE(errno, error); \
	} while (0)
void prog_fail(const char *file, int line, const char *what, long long got,
    bool valued) __attribute__((noreturn));
void prog_skip(const char *why) __attribute__((noreturn));

/* Is the connection a plain one, because nothing makes it secure? */
bool prog_plain(void);

/* Tells the peer this; what it has answered must begin with "ok". */
const char *tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The number behind "name=" in the peer's answer. */
unsigned long long fact(const char *answer, const char *name);
bool says(const char *answer, const char *text);

/*
 * A connection to the peer; flags are of socket's type, but it does not block
 * from then on only.
 */
int dial(int flags);

/* ... and the peer's end is taken, so that tell is about it. */
int dial_and_take(int flags);

/* A listener on loopback, whose port is the environment's LISTEN_PORT. */
int listen_there(int flags, int *port);

/* The byte of the pattern at this offset, as in peer.h. */
unsigned char pattern_at(uint64_t at);
void pattern_fill(void *buf, uint64_t at, size_t n);
bool pattern_is(const void *buf, uint64_t at, size_t n);

/* The hash that the peer computes, of n more bytes. */
#define HASH_BASIS UINT64_C(0xcbf29ce484222325)
uint64_t hash_more(uint64_t hash, const void *buf, size_t n);

void send_all(int fd, const void *buf, size_t n);
void recv_all(int fd, void *buf, size_t n);

/*
 * Sends until there is no room, not even for a byte: how much that was, none of
 * it the pattern's.
 */
size_t fill_up(int fd);

/* Sends the text and gets it back. */
void must_echo(int fd, const char *text);

/* Does poll say events within ms?  What it said, or 0. */
int polled(int fd, int events, int ms);

long long now_ms(void);

/* Waits until that thread of this process sleeps in a call of the kernel. */
void until_asleep(pid_t tid);

/* Waits for the child, which must have ended with 0. */
void must_end_well(pid_t child);

#endif
