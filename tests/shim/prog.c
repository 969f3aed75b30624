#include "prog.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int arg_count;
static char **arg_values;

void
prog_fail(const char *file, int line, const char *what, long long got,
    bool valued)
{
	const int error = errno;
	const char *base = strrchr(file, '/');
	char text[512];
	int n;

	base = base == NULL ? file : base + 1;
	n = snprintf(text, sizeof(text), "%s:%d: not so: %s", base, line, what);
	if (valued)
		n += snprintf(text + n, sizeof(text) - (size_t)n,
		    ", it is %lld", got);
	n += snprintf(text + n, sizeof(text) - (size_t)n, " (errno: %s)\n",
	    strerror(error));
	(void)!write(STDERR_FILENO, text, (size_t)n);
	_exit(1);
}

void
prog_skip(const char *why)
{
	fprintf(stderr, "skipped: %s\n", why);
	exit(77);
}

int
prog_main(int argc, char **argv, const struct verb *verbs, size_t n)
{
	arg_count = argc;
	arg_values = argv;
	for (size_t i = 0; argc > 1 && i < n; i++) {
		if (strcmp(verbs[i].name, argv[1]) == 0) {
			verbs[i].run();
			return 0;
		}
	}
	fprintf(stderr, "usage: %s VERB, one of:", argv[0]);
	for (size_t i = 0; i < n; i++)
		fprintf(stderr, " %s", verbs[i].name);
	fputc('\n', stderr);
	return 2;
}

const char *
prog_arg(int i)
{
	return i + 2 < arg_count ? arg_values[i + 2] : NULL;
}

bool
prog_plain(void)
{
	return getenv("PEER_PLAIN") != NULL;
}

static int
from_env(const char *name)
{
	const char *text = getenv(name);

	MUST(text != NULL);
	return atoi(text);
}

const char *
tell(const char *format, ...)
{
	static char answer[1024];
	const int fd = from_env("PEER_FD");
	char line[256];
	size_t n = 0;
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	strcat(line, "\n");
	MUST_BE(write(fd, line, strlen(line)), strlen(line));
	do {
		MUST(n < sizeof(answer) - 1);
		MUST_BE(read(fd, answer + n, 1), 1);
	} while (answer[n++] != '\n');
	answer[n - 1] = '\0';
	if (strncmp(answer, "ok", 2) != 0) {
		fprintf(stderr, "%.*s: the peer says %s\n",
		    (int)strcspn(line, "\n"), line, answer);
		exit(1);
	}
	return answer;
}

unsigned long long
fact(const char *answer, const char *name)
{
	char key[64];
	const char *at;

	snprintf(key, sizeof(key), " %s=", name);
	at = strstr(answer, key);
	MUST(at != NULL);
	at += strlen(key);
	return strtoull(at, NULL, strcmp(name, "hash") == 0 ? 16 : 10);
}

bool
says(const char *answer, const char *text)
{
	if (strstr(answer, text) == NULL)
		fprintf(stderr, "no \"%s\" in: %s\n", text, answer);
	return strstr(answer, text) != NULL;
}

int
dial(int flags)
{
	const struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)from_env("PEER_PORT")),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int fd =
	    socket(AF_INET, SOCK_STREAM | (flags & ~SOCK_NONBLOCK), 0);

	MUST(fd >= 0);
	MUST_BE(connect(fd, (const void *)&addr, sizeof(addr)), 0);
	if ((flags & SOCK_NONBLOCK) != 0)
		MUST_BE(fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK), 0);
	return fd;
}

int
dial_and_take(int flags)
{
	const int fd = dial(flags);

	tell("take");
	return fd;
}

int
listen_there(int flags, int *port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const char *given = getenv("LISTEN_PORT");
	const int fd = socket(AF_INET, SOCK_STREAM | flags, 0), one = 1;
	socklen_t len = sizeof(addr);

	MUST(fd >= 0);
	if (given != NULL)
		addr.sin_port = htons((uint16_t)atoi(given));
	MUST_BE(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), 0);
	MUST_BE(bind(fd, (void *)&addr, len), 0);
	MUST_BE(listen(fd, 16), 0);
	MUST_BE(getsockname(fd, (void *)&addr, &len), 0);
	*port = ntohs(addr.sin_port);
	return fd;
}

unsigned char
pattern_at(uint64_t at)
{
	return (unsigned char)('!' + at % 89);
}

void
pattern_fill(void *buf, uint64_t at, size_t n)
{
	unsigned char *bytes = buf;

	for (size_t i = 0; i < n; i++)
		bytes[i] = pattern_at(at + i);
}

bool
pattern_is(const void *buf, uint64_t at, size_t n)
{
	const unsigned char *bytes = buf;

	for (size_t i = 0; i < n; i++) {
		if (bytes[i] != pattern_at(at + i)) {
			fprintf(stderr, "byte %zu of %zu is %u, not %u\n", i, n,
			    bytes[i], pattern_at(at + i));
			return false;
		}
	}
	return true;
}

uint64_t
hash_more(uint64_t hash, const void *buf, size_t n)
{
	const unsigned char *bytes = buf;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

void
send_all(int fd, const void *buf, size_t n)
{
	const char *at = buf;

	while (n > 0) {
		const ssize_t k = send(fd, at, n, MSG_NOSIGNAL);

		if (k < 0 && errno == EAGAIN) {
			MUST(polled(fd, POLLOUT, 10000) != 0);
			continue;
		}
		MUST(k > 0);
		at += k;
		n -= (size_t)k;
	}
}

void
recv_all(int fd, void *buf, size_t n)
{
	char *at = buf;

	while (n > 0) {
		const ssize_t k = recv(fd, at, n, 0);

		if (k < 0 && errno == EAGAIN) {
			MUST(polled(fd, POLLIN, 10000) != 0);
			continue;
		}
		MUST(k > 0);
		at += k;
		n -= (size_t)k;
	}
}

size_t
fill_up(int fd)
{
	const int large = 65536, small = 4096;
	const socklen_t len = sizeof(int);
	char buf[3000];
	size_t sent = 0;
	ssize_t n;

	memset(buf, 'x', sizeof(buf));
	MUST_BE(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &large, len), 0);
	while ((n = send(fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		sent += (size_t)n;
	MUST_BE(errno, EAGAIN);
	MUST_BE(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, len), 0);
	return sent;
}

void
must_echo(int fd, const char *text)
{
	char back[256];
	const size_t n = strlen(text);

	MUST(n < sizeof(back));
	send_all(fd, text, n);
	recv_all(fd, back, n);
	MUST(memcmp(back, text, n) == 0);
}

int
polled(int fd, int events, int ms)
{
	struct pollfd p = { .fd = fd, .events = (short)events };

	MUST(poll(&p, 1, ms) >= 0);
	return p.revents;
}

long long
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

/* In what the thread is, by /proc/.../syscall: a number, or "running". */
static bool
asleep(pid_t tid)
{
	char path[64], text[64];
	FILE *f;
	bool is;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)tid);
	f = fopen(path, "r");
	MUST(f != NULL);
	MUST_BE(fscanf(f, "%*d (%*[^)]) %1s", text), 1);
	is = *text == 'S';
	fclose(f);
	return is;
}

void
until_asleep(pid_t tid)
{
	const long long end = now_ms() + 10000;
	int seen = 0;

	/* A lock it might wait for a moment is not it: three times running. */
	while (seen < 3) {
		MUST(now_ms() < end);
		seen = asleep(tid) ? seen + 1 : 0;
		usleep(2000);
	}
}

void
must_end_well(pid_t child)
{
	int status;

	MUST_BE(waitpid(child, &status, 0), child);
	MUST_BE(status, 0);
}
