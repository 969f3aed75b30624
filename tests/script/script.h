#ifndef SCRIPT_SCRIPT_H
#define SCRIPT_SCRIPT_H

#include "names.h"

/*
 * A fixed script of socket calls.  Each call leaves a line
 *
 *   NNN call(arguments): result errno [data] {tags}
 *
 * that has no number in it which may differ from run to run.  errno is left out
 * if it is 0.  The tags are the rows of base/quirks.def, or of
 * sock/native_options.def ("SO_TYPE"), for which the device's answer is another
 * than Linux's; "" for no such row.  script.py compares the lines.
 */

/* Calls name with args, both of which the line shows; its result. */
#define DO(tags, name, args) \
	(errno = 0, say((tags), (long)N(name) args, #name #args))

/* The same for a call whose result is a descriptor: "ok" in the line. */
#define OPEN(tags, name, args) \
	(errno = 0, say_descriptor((tags), N(name) args, #name #args))

/* The same for a pointer, which is "ok" or "NULL". */
#define POINT(tags, name, args) \
	(errno = 0, say_pointer((tags), N(name) args, #name #args))

/* Of the call just made: what is between the brackets of its line. */
void data(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

long say(const char *tags, long result, const char *call);
int say_descriptor(const char *tags, int fd, const char *call);
const void *say_pointer(const char *tags, const void *p, const char *call);

/* A heading, and the line that is still to be written. */
void part(const char *title);

/*
 * What follows leaves no line; a step that cannot be taken ends the program
 * with status 1 and a line on standard error.
 */
void must(int ok, const char *what);

/* Addresses, good until the fourth call from here; the port in host order. */
struct sockaddr *v4(const char *host, int port);
struct sockaddr *v6(int last_byte, int port);
#define IN4 sizeof(struct sockaddr_in)
#define IN6 sizeof(struct sockaddr_in6)

/* The port that fd is bound to. */
int port_of(int fd);

/* A socket bound to loopback and a port of the kernel's choice. */
int bound(int family, int type);

/* A port that nobody has. */
int free_port(int family, int type);

/* A connected stream: client, server, and the listener. */
struct link {
	int client, server, listener;
};

struct link link_up(int family);
void link_down(struct link *l);

/* Waits until there is something to read, or the end, or an error. */
void await(int fd);

/* Waits for an error that the device does not have: see DGRAM_NO_ICMP. */
void await_icmp(int fd);

void nonblock(int fd);

/* Closes without a line; -1 is nothing. */
void drop(int fd);

/* "IN OUT HUP", say; good until the fourth call from here. */
const char *events(int revents);

/* "ECONNREFUSED", say; "none" for what is no errno. */
const char *error_name(int error);

/* The host of an address; good until the fourth call from here. */
const char *host(const void *addr);

/* The parts. */
void script_open(void);
void script_pair(void);
void script_stream(int family);
void script_stream_errors(void);
void script_dgram(int family);
void script_dgram_errors(void);
void script_message(void);
void script_options(void);
void script_ip_options(void);
void script_wait(void);
void script_control(void);
void script_names(void);

#endif
