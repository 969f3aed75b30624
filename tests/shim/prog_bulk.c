/* Calls with a file or many buffers, and those that a stream refuses. */
#include "prog.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILE_SIZE 1000000

/* A file of the pattern, without a name. */
static int
make_file(void)
{
	char path[] = "/tmp/zsock-shim-XXXXXX";
	const int fd = mkstemp(path);
	unsigned char *buf = malloc(FILE_SIZE);

	MUST(fd >= 0 && buf != NULL);
	MUST_BE(unlink(path), 0);
	pattern_fill(buf, 0, FILE_SIZE);
	MUST_BE(write(fd, buf, FILE_SIZE), FILE_SIZE);
	MUST_BE(lseek(fd, 0, SEEK_SET), 0);
	free(buf);
	return fd;
}

/* P34: sendfile with an offset, and from where the file is. */
static void
file(void)
{
	const int fd = dial_and_take(0), from = make_file();
	off_t at = 0;
	const char *answer;

	tell("sink");
	while (at < FILE_SIZE / 2) {
		const off_t before = at;
		const ssize_t n =
		    sendfile(fd, from, &at, (size_t)(FILE_SIZE / 2 - at));

		MUST(n > 0);
		MUST_BE(at, before + n);
	}
	MUST_BE(lseek(from, 0, SEEK_CUR), 0);
	MUST_BE(lseek(from, FILE_SIZE / 2, SEEK_SET), FILE_SIZE / 2);
	for (ssize_t sent = 0; sent < FILE_SIZE / 2;) {
		const ssize_t n = sendfile64(fd, from, NULL, FILE_SIZE);

		MUST(n > 0);
		sent += n;
		MUST_BE(lseek(from, 0, SEEK_CUR), FILE_SIZE / 2 + sent);
	}
	MUST_BE(sendfile(fd, from, NULL, 100), 0);
	MUST_FAIL(sendfile(fd, -1, NULL, 100), EBADF);
	MUST_BE(close(fd), 0);
	answer = tell("end");
	MUST_BE(fact(answer, "in"), FILE_SIZE);
	MUST_BE(fact(answer, "strange"), 0);
}

/* P34: what would move bytes past the records is refused. */
static void
moved(void)
{
	const int fd = dial_and_take(0), from = make_file();
	int pipes[2];

	tell("echo");
	MUST_BE(pipe(pipes), 0);
	MUST_BE(write(pipes[1], "secret", 6), 6);
	MUST_FAIL(splice(pipes[0], NULL, fd, NULL, 6, 0), EINVAL);
	MUST_FAIL(splice(fd, NULL, pipes[1], NULL, 6, SPLICE_F_NONBLOCK),
	    EINVAL);
	MUST_FAIL(copy_file_range(from, NULL, fd, NULL, 6, 0), EINVAL);
	must_echo(fd, "unharmed");
	MUST_BE(close(fd), 0);
	MUST(says(tell("end"), " in=8 "));
}

/* P35: buffers of no length, and as many as there may be. */
static void
vectors(void)
{
	const int fd = dial_and_take(0);
	volatile int below = -1;
	struct iovec *v = calloc(IOV_MAX + 1, sizeof(*v));
	unsigned char all[4 * IOV_MAX];
	struct msghdr msg = { .msg_iov = v };
	size_t at = 0;

	MUST(v != NULL);
	pattern_fill(all, 0, sizeof(all));
	for (size_t i = 0; i <= IOV_MAX; i++) {
		v[i].iov_base = i % 3 == 0 ? NULL : all + at;
		v[i].iov_len = i % 3 == 0 ? 0 : i % 4;
		at += v[i].iov_len;
		if (i == IOV_MAX)
			at -= v[i].iov_len;
	}
	MUST_FAIL(writev(fd, v, IOV_MAX + 1), EINVAL);
	MUST_FAIL(writev(fd, v, below), EINVAL);
	msg.msg_iovlen = IOV_MAX + 1;
	MUST_FAIL(sendmsg(fd, &msg, 0), EMSGSIZE);
	MUST_BE(writev(fd, v, IOV_MAX), at);
	tell("read %zu", at);
	MUST_BE(writev(fd, v, 0), 0);
	tell("send %zu 16384", at);
	memset(all, 0, sizeof(all));
	MUST_BE(readv(fd, v, IOV_MAX), at);
	MUST(pattern_is(all, 0, at));
	MUST_FAIL(readv(fd, v, IOV_MAX + 1), EINVAL);
	free(v);
	MUST_BE(close(fd), 0);
}

/* sendmmsg, recvmmsg, preadv2 and pwritev2 at -1, pread. */
static void
more_vectors(void)
{
	const int fd = dial_and_take(0);
	char in[10] = "";
	struct iovec a = { "hello", 5 }, b = { "world", 5 };
	struct mmsghdr m[2] = { { .msg_hdr = { .msg_iov = &a,
		                      .msg_iovlen = 1 } },
		{ .msg_hdr = { .msg_iov = &b, .msg_iovlen = 1 } } };
	struct iovec back = { in, sizeof(in) };
	struct mmsghdr r = { .msg_hdr = { .msg_iov = &back, .msg_iovlen = 1 } };

	tell("echo");
	MUST_BE(sendmmsg(fd, m, 2, 0), 2);
	MUST_BE(m[0].msg_len, 5);
	MUST_BE(m[1].msg_len, 5);
	recv_all(fd, in, 10);
	MUST(memcmp(in, "helloworld", 10) == 0);
	MUST_BE(pwritev2(fd, &a, 1, -1, 0), 5);
	MUST_BE(recvmmsg(fd, &r, 1, MSG_WAITFORONE, NULL), 1);
	MUST_BE(r.msg_len, 5);
	back.iov_len = 5;
	MUST_BE(write(fd, "again", 5), 5);
	MUST_BE(preadv2(fd, &back, 1, -1, 0), 5);
	MUST(memcmp(in, "again", 5) == 0);
	MUST_FAIL(pread(fd, in, 1, 0), ESPIPE);
	MUST_FAIL(pwrite(fd, in, 1, 0), ESPIPE);
}

/* P53: what a secure stream cannot do is refused. */
static void
refused(void)
{
	const int fd = dial_and_take(0), zero = 0, one = 1;

	tell("echo");
	errno = 0;
	MUST_BE(setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &zero, sizeof(zero)),
	    -1);
	MUST(errno == EOPNOTSUPP || errno == ENOPROTOOPT);
	errno = 0;
	MUST_BE(setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)), -1);
	MUST(errno == EOPNOTSUPP || errno == ENOPROTOOPT);
	errno = 0;
	MUST_BE(setsockopt(fd, IPPROTO_TCP, TCP_ULP, "tls", 4), -1);
	MUST(errno == EOPNOTSUPP || errno == ENOPROTOOPT);
	MUST_FAIL(send(fd, "x", 1, MSG_OOB | MSG_NOSIGNAL), EOPNOTSUPP);
	errno = 0;
	if (send(fd, "x", 1, MSG_ZEROCOPY | MSG_NOSIGNAL) < 0)
		MUST_BE(errno, EOPNOTSUPP);
	else
		recv_all(fd, (char[1]){ 0 }, 1);
	must_echo(fd, "unharmed");
	MUST_BE(close(fd), 0);
	MUST(says(tell("end"), " bad=0 end=eof"));
}

/* P18: the peer reads all and then the end, whatever we did not read. */
static void
unread_tickets(void)
{
	const int fd = dial_and_take(0);
	const char *answer;
	unsigned char buf[5000];

	pattern_fill(buf, 0, sizeof(buf));
	send_all(fd, buf, sizeof(buf));
	tell("read 5000");
	tell("send 2000 500");
	MUST_BE(close(fd), 0);
	answer = tell("end");
	MUST(says(answer, " in=5000 "));
	MUST(says(answer, " notify=1 bad=0 end="));
}

/* P18: nothing has been read, not even what came with the handshake. */
static void
only_tickets(void)
{
	const int fd = dial_and_take(0);
	unsigned char buf[5000];

	pattern_fill(buf, 0, sizeof(buf));
	send_all(fd, buf, sizeof(buf));
	MUST_BE(close(fd), 0);
	MUST(says(tell("end"), " strange=0 "));
	MUST(says(tell("state"), " notify=1 bad=0 end=eof"));
	MUST(says(tell("state"), " in=5000 "));
}

static int
try_connect(int fd)
{
	const struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(getenv("PEER_PORT"))),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	return connect(fd, (const void *)&addr, sizeof(addr));
}

/* P53: nor when it is asked for before the stream is secure. */
static void
async_before(void)
{
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	MUST(fd >= 0);
	MUST_BE(fcntl(fd, F_SETFL, O_RDWR | O_ASYNC), 0);
	MUST_FAIL(try_connect(fd), EINVAL);
	MUST_BE(fcntl(fd, F_SETFL, O_RDWR), 0);
	MUST_BE(fcntl(fd, F_SETSIG, SIGUSR1), 0);
	MUST_FAIL(try_connect(fd), EINVAL);
	MUST_BE(fcntl(fd, F_SETSIG, 0), 0);
	MUST_BE(try_connect(fd), 0);
	tell("take");
	tell("echo");
	must_echo(fd, "unharmed");
}

/* What the kernel says, past the library. */
static int
kernels_option(int fd, int name)
{
	int value = -2;
	socklen_t len = sizeof(value);

	MUST_BE(syscall(SYS_getsockopt, fd, SOL_SOCKET, name, &value, &len), 0);
	return value;
}

/* P53: what the kernel has of it is taken back. */
static void
settings_before(void)
{
	const int fd = socket(AF_INET, SOCK_STREAM, 0), zero = 0, one = 1;
	char buf[10];

	MUST(fd >= 0);
	if (setsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &zero, sizeof(zero)) < 0)
		prog_skip("the kernel has no SO_PEEK_OFF of streams");
	MUST_BE(setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one)), 0);
	MUST_BE(try_connect(fd), 0);
	tell("take");
	MUST_BE(kernels_option(fd, SO_PEEK_OFF), -1);
	MUST_BE(kernels_option(fd, SO_ZEROCOPY), 0);
	tell("send 100 100");
	for (int i = 0; i < 3; i++) {
		MUST_BE(recv(fd, buf, sizeof(buf), MSG_PEEK), 10);
		MUST(pattern_is(buf, 0, 10));
	}
	MUST_BE(recv(fd, buf, sizeof(buf), 0), 10);
	MUST(pattern_is(buf, 0, 10));
}

static const struct verb verbs[] = {
	{ "file", file },
	{ "moved", moved },
	{ "vectors", vectors },
	{ "more_vectors", more_vectors },
	{ "refused", refused },
	{ "unread_tickets", unread_tickets },
	{ "only_tickets", only_tickets },
	{ "async_before", async_before },
	{ "settings_before", settings_before },
};

PROG_MAIN(verbs)
