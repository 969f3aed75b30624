/* Numbers: who a descriptor is, and for how long. */
#include "prog.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PROTO_TLS 258
#define LEVEL_TLS 282
#define OPT_TAGS 1
#define OPT_HOSTNAME 2

/* close(2) as nobody but the kernel sees it. */
static long
close_unseen(int fd)
{
#if defined(__x86_64__)
	long ret;

	__asm__ volatile("syscall"
	                 : "=a"(ret)
	                 : "a"(SYS_close), "D"((long)fd)
	                 : "rcx", "r11", "memory");
	return ret;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = SYS_close;
	register long x0 __asm__("x0") = fd;

	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8) : "memory");
	return x0;
#else
	return fcntl(fd, F_GETFD) < 0 ? -1 : syscall(SYS_close, fd);
#endif
}

/* A file at the number fd, which is free, holds what is written there. */
static void
must_be_file_at(int fd)
{
	char path[] = "/tmp/zsock-shim-XXXXXX", buf[16] = "";
	const int file = mkstemp(path);

	MUST(file >= 0);
	MUST_BE(unlink(path), 0);
	MUST_BE(file, fd);
	MUST_BE(write(file, "hello", 5), 5);
	MUST_BE(lseek(file, 0, SEEK_SET), 0);
	MUST_BE(read(file, buf, sizeof(buf)), 5);
	MUST(memcmp(buf, "hello", 5) == 0);
	MUST_FAIL(send(file, "x", 1, 0), ENOTSOCK);
	MUST_BE(fcntl(file, F_GETFD), 0);
	MUST_BE(close(file), 0);
	MUST_FAIL(fcntl(fd, F_GETFD), EBADF);
}

/* P11: closed by syscall(3), as libuv does it. */
static void
stale_syscall(void)
{
	const int fd = dial_and_take(0);

	MUST_BE(syscall(SYS_close, fd), 0);
	must_be_file_at(fd);
	MUST(says(tell("end"), " bad=0 end=eof"));
}

/* P11: closed by an instruction of its own. */
static void
stale_unseen(void)
{
	const int fd = dial_and_take(0), other = dial_and_take(0);

	MUST_BE(close_unseen(fd), 0);
	must_be_file_at(fd);
	/* The same for a new connection, and for one half way through. */
	must_be_file_at(fd);
	MUST_BE(dial_and_take(0), fd);
	MUST_BE(close_unseen(fd), 0);
	must_be_file_at(fd);
	MUST_BE(send(other, "!", 1, 0), 1);
	tell("on 1");
	tell("read 1");
	MUST_BE(close(other), 0);
	MUST(says(tell("end"), " bad=0 end=eof"));
}

/* P26: the lowest number that is free, as ever. */
static void
lowest(void)
{
	int fd = dial_and_take(0);

	MUST_BE(fd, 3);
	MUST_BE(close(fd), 0);
	MUST_BE(close(0), 0);
	fd = dial(0);
	MUST_BE(fd, 0);
	tell("take");
	tell("echo");
	must_echo(fd, "from number 0");
	MUST_BE(dial(0), 3);
	MUST_BE(open("/dev/null", O_RDONLY), 4);
}

/* P27: all that may be a library's is closed; nothing of ours was. */
static void
must_go_on(void)
{
	const int fd = dial(0);

	MUST_BE(fd, 3);
	must_echo(fd, "after closing all");
	MUST_BE(close(fd), 0);
}

static void
close_loop(void)
{
	must_echo(dial(0), "before");
	for (int i = 3; i < 1024; i++)
		close(i);
	must_go_on();
}

static void
close_from(void)
{
	must_echo(dial(0), "before");
	closefrom(3);
	must_go_on();
}

static void
close_ranges(void)
{
	must_echo(dial(0), "before");
	MUST_BE(close_range(3, ~0U, 0), 0);
	must_go_on();
	must_echo(dial(0), "again");
	MUST_BE(syscall(SYS_close_range, 3, ~0U, 0), 0);
	must_go_on();
}

/* P28: a file takes the number of a connection. */
static void
dup2_over(void)
{
	const int fd = dial_and_take(0);
	char path[] = "/tmp/zsock-shim-XXXXXX", buf[16] = "";
	const int file = mkstemp(path);
	const char *answer;

	MUST(file >= 0);
	MUST_BE(unlink(path), 0);
	MUST_BE(dup2(file, fd), fd);
	answer = tell("end");
	MUST(says(answer, " end=eof"));
	MUST_BE(fact(answer, "notify"), prog_plain() ? 0 : 1);
	MUST_BE(write(fd, "to the file", 11), 11);
	MUST_BE(pread(file, buf, sizeof(buf), 0), 11);
	MUST(memcmp(buf, "to the file", 11) == 0);
}

/* P29: the connection ends with the last number it has. */
static void
dup_count(void)
{
	const int fd = dial_and_take(0), second = dup(fd);
	char c;

	MUST(second > fd);
	tell("send 2 1");
	MUST_BE(recv(fd, &c, 1, 0), 1);
	MUST_BE(close(fd), 0);
	MUST_BE(read(second, &c, 1), 1);
	MUST(c == pattern_at(1));
	MUST_BE(write(second, "!", 1), 1);
	tell("read 1");
	MUST_FAIL(send(fd, "x", 1, 0), EBADF);
	MUST(says(tell("state"), " notify=0 bad=0 end=open"));
	MUST_BE(dup3(second, fd, O_CLOEXEC), fd);
	MUST_BE(fcntl(fd, F_GETFD), FD_CLOEXEC);
	MUST_BE(fcntl(second, F_GETFD), 0);
	MUST_BE(close(second), 0);
	MUST_BE(send(fd, "\"", 1, 0), 1);
	tell("read 1");
	MUST_BE(close(fd), 0);
	MUST(says(tell("end"),
	    prog_plain() ? " notify=0 bad=0 end=eof"
	                 : " notify=1 bad=0 end=eof"));
}

/* P30: a dup2 that fails leaves it alone. */
static void
dup2_bad(void)
{
	const int fd = dial_and_take(0);

	MUST_FAIL(dup2(-1, fd), EBADF);
	MUST_FAIL(dup2(1000, fd), EBADF);
	MUST_FAIL(dup3(fd, fd, 0), EINVAL);
	MUST_BE(dup2(fd, fd), fd);
	tell("echo");
	must_echo(fd, "still there");
}

/* P33: what a socket says of itself. */
static void
is_what(void)
{
	static const struct {
		int option, plain, secure;
	} rows[] = {
		{ SO_PROTOCOL, IPPROTO_TCP, PROTO_TLS },
		{ SO_TYPE, SOCK_STREAM, SOCK_STREAM },
		{ SO_DOMAIN, AF_INET, AF_INET },
		{ SO_ACCEPTCONN, 0, 0 },
		{ SO_ERROR, 0, 0 },
	};
	const int proto = prog_plain() ? IPPROTO_TCP : PROTO_TLS;
	const int fd = socket(AF_INET, SOCK_STREAM, proto);

	MUST(fd >= 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int value = -1;
		socklen_t len = sizeof(value);

		MUST_BE(getsockopt(fd, SOL_SOCKET, rows[i].option, &value,
		            &len),
		    0);
		MUST_BE(value, prog_plain() ? rows[i].plain : rows[i].secure);
	}
	close(fd);
}

/* P10: options of SOL_TLS are the kernel's on a plain socket, and ours. */
static void
sol_tls(void)
{
	const int plain = socket(AF_INET, SOCK_STREAM, 0), tag = 1;
	const int fd = socket(AF_INET, SOCK_STREAM, PROTO_TLS);
	const struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(getenv("PEER_PORT"))),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	MUST(plain >= 0 && fd >= 0);
	MUST_BE(setsockopt(plain, LEVEL_TLS, OPT_TAGS, &tag, sizeof(tag)), -1);
	MUST_BE(setsockopt(fd, LEVEL_TLS, OPT_TAGS, &tag, sizeof(tag)), 0);
	MUST_BE(setsockopt(fd, LEVEL_TLS, OPT_HOSTNAME, "localhost", 10), 0);
	MUST_BE(connect(fd, (const void *)&addr, sizeof(addr)), 0);
	must_echo(fd, "by number");
}

/* P51: numbers beyond any table's first size, as far as there are any. */
static void
high_number(void)
{
	struct rlimit r;
	int fd, high, top = 70000;

	MUST_BE(getrlimit(RLIMIT_NOFILE, &r), 0);
	if (r.rlim_max < 100000) {
		r = (struct rlimit){ 100000, 100000 };
		(void)setrlimit(RLIMIT_NOFILE, &r);
		MUST_BE(getrlimit(RLIMIT_NOFILE, &r), 0);
	}
	r.rlim_cur = r.rlim_max;
	MUST_BE(setrlimit(RLIMIT_NOFILE, &r), 0);
	if (r.rlim_cur < 8192)
		prog_skip("RLIMIT_NOFILE cannot be raised to 8192 here");
	if (r.rlim_cur < 100000)
		top = (int)r.rlim_cur - 100;
	fd = dial(0);
	high = dup2(fd, top);
	MUST_BE(high, top);
	MUST_BE(close(fd), 0);
	must_echo(high, "from far up");
	fd = fcntl(high, F_DUPFD, top + 50);
	MUST_BE(fd, top + 50);
	must_echo(fd, "and further");
	MUST_BE(close(high), 0);
	MUST_BE(polled(fd, POLLOUT, 1000), POLLOUT);
	must_echo(fd, "the last");
}

/* The lowest free number after n; one is the peer's. */
static int
next_number(int n)
{
	return n + 1 == atoi(getenv("PEER_FD")) ? n + 2 : n + 1;
}

/* P26: what else a connection of two numbers needs is out of the way. */
static void
numbering(void)
{
	const int fd = dial_and_take(0), second = dup(fd);
	const int file = open("/dev/null", O_RDONLY);

	MUST_BE(fd, 3);
	MUST_BE(second, 4);
	MUST_BE(file, 5);
	tell("echo");
	must_echo(second, "from the second");
}

/* P26: that of many connections as well. */
static void
many_dups(void)
{
	struct rlimit r;
	int last = 2;

	MUST_BE(getrlimit(RLIMIT_NOFILE, &r), 0);
	if (r.rlim_max < 1024)
		prog_skip("RLIMIT_NOFILE cannot be 1024 here");
	r.rlim_cur = 1024;
	MUST_BE(setrlimit(RLIMIT_NOFILE, &r), 0);
	for (int i = 3; i < 1024; i++) {
		if (i != atoi(getenv("PEER_FD")))
			(void)close(i); /* what a shell has left there */
	}
	for (int i = 0; i < 140; i++) {
		const int fd = dial(0), second = dup(fd);

		MUST_BE(fd, next_number(last));
		MUST_BE(second, next_number(fd));
		last = second;
	}
	must_echo(last, "the last of them");
}

static const struct verb verbs[] = {
	{ "stale_syscall", stale_syscall },
	{ "stale_unseen", stale_unseen },
	{ "lowest", lowest },
	{ "close_loop", close_loop },
	{ "close_from", close_from },
	{ "close_ranges", close_ranges },
	{ "dup2_over", dup2_over },
	{ "dup_count", dup_count },
	{ "dup2_bad", dup2_bad },
	{ "is_what", is_what },
	{ "sol_tls", sol_tls },
	{ "high_number", high_number },
	{ "numbering", numbering },
	{ "many_dups", many_dups },
};

PROG_MAIN(verbs)
