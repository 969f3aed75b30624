#include <arpa/inet.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "script.h"

#define FAR 30000 /* milliseconds; a wait that takes so long has failed */

static int number;
static char line[1024], brackets[512];
static const char *line_tags;

/* The data of a line come after its call. */
static void
flush(void)
{
	if (line[0] == '\0')
		return;
	fputs(line, stdout);
	if (brackets[0] != '\0')
		printf(" [%s]", brackets);
	if (line_tags[0] != '\0')
		printf(" {%s}", line_tags);
	putchar('\n');
	line[0] = brackets[0] = '\0';
}

void
data(const char *fmt, ...)
{
	const size_t used = strlen(brackets);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(brackets + used, sizeof(brackets) - used, fmt, ap);
	va_end(ap);
}

static void
begin(const char *tags, const char *call, const char *result, int error)
{
	flush();
	line_tags = tags;
	snprintf(line, sizeof(line), "%03d %s: %s%s%s", ++number, call, result,
	    error != 0 ? " " : "", error != 0 ? strerrorname_np(error) : "");
}

long
say(const char *tags, long result, const char *call)
{
	const int error = errno;
	char text[32];

	snprintf(text, sizeof(text), "%ld", result);
	begin(tags, call, text, error);
	return result;
}

int
say_descriptor(const char *tags, int fd, const char *call)
{
	begin(tags, call, fd >= 0 ? "ok" : "-1", errno);
	return fd;
}

const void *
say_pointer(const char *tags, const void *p, const char *call)
{
	begin(tags, call, p != NULL ? "ok" : "NULL", errno);
	return p;
}

void
part(const char *title)
{
	flush();
	printf("# %s\n", title);
}

void
must(int ok, const char *what)
{
	const int error = errno;

	if (ok)
		return;
	flush();
	fprintf(stderr, "script: %s: %s, after call %d\n", what,
	    strerror(error), number);
	exit(EXIT_FAILURE);
}

/* Four results stay good, so that a line can have more than one. */
static void *
place(void)
{
	static struct sockaddr_storage places[4];
	static unsigned next;
	void *p = &places[next++ % 4];

	memset(p, 0, sizeof(places[0]));
	return p;
}

struct sockaddr *
v4(const char *text, int port)
{
	struct sockaddr_in *a = place();

	a->sin_family = AF_INET;
	a->sin_port = htons((in_port_t)port);
	must(inet_aton(text, &a->sin_addr), "inet_aton");
	return (struct sockaddr *)a;
}

struct sockaddr *
v6(int last_byte, int port)
{
	struct sockaddr_in6 *a = place();

	a->sin6_family = AF_INET6;
	a->sin6_port = htons((in_port_t)port);
	a->sin6_addr.s6_addr[15] = (unsigned char)last_byte;
	return (struct sockaddr *)a;
}

static struct sockaddr *
loopback(int family, int port)
{
	return family == AF_INET ? v4("127.0.0.1", port) : v6(1, port);
}

static socklen_t
length(int family)
{
	return family == AF_INET ? IN4 : IN6;
}

int
port_of(int fd)
{
	struct sockaddr_in6 a;
	socklen_t len = sizeof(a);

	must(N(getsockname)(fd, (struct sockaddr *)&a, &len) == 0,
	    "getsockname");
	return ntohs(a.sin6_port); /* it has the same place in both families */
}

int
bound(int family, int type)
{
	const int fd = N(socket)(family, type, 0);

	must(fd >= 0, "socket");
	must(N(bind)(fd, loopback(family, 0), length(family)) == 0, "bind");
	return fd;
}

int
free_port(int family, int type)
{
	const int fd = bound(family, type), port = port_of(fd);

	drop(fd);
	return port;
}

struct link
link_up(int family)
{
	struct link l = { .listener = bound(family, SOCK_STREAM) };

	must(N(listen)(l.listener, 4) == 0, "listen");
	l.client = N(socket)(family, SOCK_STREAM, 0);
	must(N(connect)(l.client, loopback(family, port_of(l.listener)),
	         length(family)) == 0,
	    "connect");
	l.server = N(accept)(l.listener, NULL, NULL);
	must(l.server >= 0, "accept");
	return l;
}

void
link_down(struct link *l)
{
	drop(l->client);
	drop(l->server);
	drop(l->listener);
}

void
await(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	must(N(poll)(&p, 1, FAR) == 1, "nothing came");
}

static int
is_linux(void)
{
#ifdef SCRIPT_LIBC
	return 1;
#else
	const char *profile = getenv("ZSOCK_PROFILE");

	return profile != NULL && strcmp(profile, "linux") == 0;
#endif
}

void
await_icmp(int fd)
{
	if (is_linux())
		await(fd);
}

void
nonblock(int fd)
{
	must(N(fcntl)(fd, F_SETFL, O_NONBLOCK) == 0, "fcntl");
}

void
drop(int fd)
{
	if (fd >= 0)
		must(N(close)(fd) == 0, "close");
}

const char *
events(int revents)
{
	static const struct {
		int bit;
		const char *name;
	} names[] = {
		{ POLLIN, "IN " },
		{ POLLPRI, "PRI " },
		{ POLLOUT, "OUT " },
		{ POLLERR, "ERR " },
		{ POLLHUP, "HUP " },
		{ POLLNVAL, "NVAL " },
	};
	char *text = place();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if ((revents & names[i].bit) != 0)
			strcat(text, names[i].name);
	}
	if (text[0] == '\0')
		return "nothing";
	text[strlen(text) - 1] = '\0';
	return text;
}

const char *
error_name(int error)
{
	return error > 0 ? strerrorname_np(error) : "none";
}

const char *
host(const void *addr)
{
	const struct sockaddr *a = addr;
	const void *bytes = a->sa_family == AF_INET
	    ? (const void *)&((const struct sockaddr_in *)addr)->sin_addr
	    : (const void *)&((const struct sockaddr_in6 *)addr)->sin6_addr;
	char *text = place();

	if (a->sa_family != AF_INET && a->sa_family != AF_INET6)
		return "no address";
	return N(inet_ntop)(a->sa_family, bytes, text, INET6_ADDRSTRLEN);
}

int
main(void)
{
	/* The library never raises it; without the library it would end us. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	must(signal(SIGPIPE, SIG_IGN) != SIG_ERR, "signal");
	script_open();
	script_pair();
	script_stream(AF_INET);
	script_stream(AF_INET6);
	script_stream_errors();
	script_dgram(AF_INET);
	script_dgram(AF_INET6);
	script_dgram_errors();
	script_message();
	script_options();
	script_ip_options();
	script_wait();
	script_control();
	script_names();
	part("the end");
	return EXIT_SUCCESS;
}
