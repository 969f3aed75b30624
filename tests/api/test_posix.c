/*
 * Compiled with CONFIG_NET_SOCKETS_POSIX_NAMES: in this file, and in it alone,
 * socket, close, read, poll and the others are the library's.
 */
#include "support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <zephyr/net/socket.h>
#include <zephyr/posix/sys/eventfd.h>

#include "base/config.h"
#include "base/kernel.h"
#include "base/profile.h"
#include "sock/fdtable.h"
#include "support/fake_kernel.h"
#include "support/loop.h"

static struct sockaddr_storage addr;
static socklen_t addr_len;
static int listener, client, server, pipe_in, pipe_out;

static struct sockaddr *
sa(struct sockaddr_storage *a)
{
	return (struct sockaddr *)a;
}

static int
setup(void **state)
{
	int fds[2];

	(void)state;
	addr_len = loop_addr(&addr, AF_INET, 0);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (pipe(fds) != 0 || bind(listener, sa(&addr), addr_len) != 0 ||
	    listen(listener, 4) != 0 ||
	    getsockname(listener, sa(&addr), &addr_len) != 0)
		return -1;
	pipe_in = fds[0];
	pipe_out = fds[1];
	client = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(client, sa(&addr), addr_len) != 0)
		return -1;
	server = accept(listener, NULL, NULL);
	return server < 0;
}

static int
teardown(void **state)
{
	(void)state;
	(void)close(server); /* a test may have done it */
	(void)close(client);
	(void)close(listener);
	(void)close(pipe_in);
	(void)close(pipe_out);
	return 0;
}

static void
sockets_have_the_kernels_numbers(void **state)
{
	const int sockets[] = { listener, client, server };

	(void)state;
	for (size_t i = 0; i < LEN(sockets); i++) {
		assert_true(fdtable_owns(sockets[i]));
		assert_int_equal(loop_kfd(sockets[i]), sockets[i]);
		assert_true(sockets[i] > STDERR_FILENO);
		assert_int_not_equal(sockets[i], pipe_in);
		assert_int_not_equal(sockets[i], pipe_out);
	}
	assert_false(fdtable_owns(pipe_in));
	assert_false(fdtable_owns(STDERR_FILENO));
}

static void
both_spellings_are_the_same_socket(void **state)
{
	char byte;

	(void)state;
	assert_int_equal(zsock_send(client, "x", 1, 0), 1);
	assert_int_equal(read(server, &byte, 1), 1);
	assert_int_equal(write(server, "y", 1), 1);
	assert_int_equal(zsock_recv(client, &byte, 1, 0), 1);
	assert_int_equal(zsock_close(client), 0);
	assert_errno(close(client), EBADF);
	client = zsock_socket(AF_INET, SOCK_STREAM, 0);
	assert_int_equal(close(client), 0);
	assert_errno(zsock_close(client), EBADF);
}

/* The library sees each of the calls here, whatever the descriptor. */
static void
read_and_write_take_any_descriptor(void **state)
{
	char path[] = "/tmp/zsock-test-posix-XXXXXX";
	const int file = mkstemp(path);
	char buf[8];

	(void)state;
	assert_true(file >= 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(write(file, "file", 4), 4);
	assert_int_equal(write(pipe_out, "pipe", 4), 4);
	assert_int_equal(write(client, "sock", 4), 4);
	assert_int_equal(lseek(file, 0, SEEK_SET), 0);
	assert_int_equal(read(file, buf, sizeof(buf)), 4);
	assert_memory_equal(buf, "file", 4);
	assert_int_equal(read(file, buf, sizeof(buf)), 0);
	assert_int_equal(read(pipe_in, buf, sizeof(buf)), 4);
	assert_memory_equal(buf, "pipe", 4);
	assert_int_equal(read(server, buf, sizeof(buf)), 4);
	assert_memory_equal(buf, "sock", 4);
	assert_int_equal(close(file), 0);
	assert_errno(close(file), EBADF);
	/* The end of both, and what comes after it. */
	assert_int_equal(close(pipe_out), 0);
	assert_int_equal(read(pipe_in, buf, sizeof(buf)), 0);
	assert_int_equal(close(client), 0);
	assert_int_equal(read(server, buf, sizeof(buf)), 0);
}

/* The device's: a pipe of 64 bytes each way. */
static void
a_socketpair_is_the_librarys(void **state)
{
	char buf[100] = { 0 };
	struct pollfd fds[2];
	int sv[2], n;

	(void)state;
	assert_errno(socketpair(AF_INET, SOCK_STREAM, 0, sv), EAFNOSUPPORT);
	assert_errno(socketpair(AF_UNIX, SOCK_STREAM, 0, NULL), EFAULT);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sv), 0);
	assert_true(fdtable_owns(sv[0]) && fdtable_owns(sv[1]));
	assert_int_equal(loop_kfd(sv[0]), sv[0]);
	assert_int_equal(write(sv[0], buf, sizeof(buf)), 64);
	fds[0] = (struct pollfd){ .fd = sv[0], .events = POLLOUT };
	fds[1] = (struct pollfd){ .fd = pipe_out, .events = POLLOUT };
	assert_int_equal(poll(fds, 2, 0), 1);
	assert_int_equal(fds[0].revents, 0);
	assert_int_equal(fds[1].revents, POLLOUT);
	assert_int_equal(ioctl(sv[1], FIONREAD, &n), 0);
	assert_int_equal(n, 64);
	assert_int_equal(fcntl(sv[0], F_SETFL, O_NONBLOCK), 0);
	assert_errno(write(sv[0], buf, 1), EAGAIN);
	assert_errno(write(sv[0], buf, 0), EINVAL);
	assert_int_equal(read(sv[1], buf, sizeof(buf)), 64);
	assert_int_equal(poll(fds, 1, FAR), 1);
	assert_int_equal(fds[0].revents, POLLOUT);
	assert_int_equal(close(sv[1]), 0);
	assert_errno(write(sv[0], buf, 1), EPIPE);
	assert_int_equal(read(sv[0], buf, 1), 0);
	assert_int_equal(close(sv[0]), 0);
}

static void
an_eventfd_is_the_librarys(void **state)
{
	const int fd = eventfd(1, EFD_NONBLOCK);
	uint64_t value = 4;
	eventfd_t got;

	(void)state;
	assert_true(fdtable_owns(fd));
	assert_int_equal(write(fd, &value, sizeof(value)), 8);
	assert_errno(write(fd, &value, 7), EINVAL);
	assert_errno(read(fd, &value, 7), EINVAL);
	assert_int_equal(read(fd, &value, sizeof(value)), 8);
	assert_int_equal(value, 5);
	assert_errno(read(fd, &value, sizeof(value)), EAGAIN);
	assert_errno(eventfd_read(fd, &got), EAGAIN);
	assert_int_equal(eventfd_write(fd, 7), 0);
	assert_int_equal(poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1,
	                     FAR),
	    1);
	assert_int_equal(eventfd_read(fd, &got), 0);
	assert_int_equal(got, 7);
	assert_errno(eventfd_write(fd, UINT64_MAX), EINVAL);
	assert_errno(eventfd_read(fd, NULL), EFAULT);
	assert_errno(eventfd_read(client, &got), EBADF);
	assert_errno(eventfd(0, EFD_CLOEXEC), EINVAL);
	assert_int_equal(close(fd), 0);
	assert_errno(eventfd_read(fd, &got), EBADF);
	assert_errno(eventfd_write(fd, 1), EBADF);
}

/* As one that a source without the names has made. */
static void
an_eventfd_of_libc_is_the_kernels(void **state)
{
	const int fd = kernel_libc.eventfd(3, EFD_NONBLOCK);
	eventfd_t got;

	(void)state;
	assert_true(fd >= 0);
	assert_false(fdtable_owns(fd));
	assert_int_equal(eventfd_write(fd, 2), 0);
	assert_int_equal(eventfd_read(fd, &got), 0);
	assert_int_equal(got, 5);
	assert_errno(eventfd_read(fd, &got), EAGAIN);
	assert_errno(eventfd_write(fd, UINT64_MAX), EINVAL);
	assert_int_equal(close(fd), 0);
}

static void
writing_to_a_closed_socket_is_no_signal(void **state)
{
	(void)state;
	profile_set(PROFILE_LINUX); /* which can end one half alone */
	assert_int_equal(shutdown(client, SHUT_WR), 0);
	assert_errno(write(client, "x", 1), EPIPE);
	profile_set(PROFILE_ZEPHYR);
}

static void
a_socket_call_on_a_file_is_ebadf(void **state)
{
	char byte;

	(void)state;
	assert_errno(send(pipe_out, "x", 1, 0), EBADF);
	assert_errno(recv(pipe_in, &byte, 1, 0), EBADF);
	assert_errno(listen(pipe_in, 1), EBADF);
	assert_errno(shutdown(pipe_in, SHUT_RD), EBADF);
	assert_errno(accept(pipe_in, NULL, NULL), EBADF);
	/* It is still open. */
	assert_int_equal(write(pipe_out, "x", 1), 1);
	assert_int_equal(read(pipe_in, &byte, 1), 1);
}

static void
a_number_that_is_nobodys_is_ebadf(void **state)
{
	const int numbers[] = { -1, 900, 1 << 20, INT32_MAX };
	char byte;

	(void)state;
	for (size_t i = 0; i < LEN(numbers); i++) {
		assert_errno(close(numbers[i]), EBADF);
		assert_errno(read(numbers[i], &byte, 1), EBADF);
		assert_errno(write(numbers[i], "x", 1), EBADF);
		assert_errno(fcntl(numbers[i], F_GETFL), EBADF);
		assert_errno(ioctl(numbers[i], FIONREAD, &byte), EBADF);
		assert_errno(send(numbers[i], "x", 1, 0), EBADF);
	}
}

static void
fcntl_of_a_socket_and_of_a_file(void **state)
{
	int copy;

	(void)state;
	assert_int_equal(fcntl(client, F_GETFL), 0);
	assert_int_equal(fcntl(client, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(fcntl(client, F_GETFL), O_NONBLOCK);
	assert_errno(read(client, &copy, 1), EAGAIN);
	assert_int_equal(fcntl(client, F_SETFL, 0), 0);
	assert_int_equal(fcntl(client, F_GETFL, 0), 0);
	assert_errno(fcntl(client, F_GETFD), EOPNOTSUPP);
	/* libc's answers: the access mode is among them. */
	assert_int_equal(fcntl(pipe_out, F_GETFL), O_WRONLY);
	assert_int_equal(fcntl(pipe_out, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(fcntl(pipe_out, F_GETFL), O_WRONLY | O_NONBLOCK);
	assert_int_equal(fcntl(pipe_in, F_SETFD, FD_CLOEXEC), 0);
	assert_int_equal(fcntl(pipe_in, F_GETFD), FD_CLOEXEC);
	copy = fcntl(pipe_in, F_DUPFD, 500);
	assert_int_equal(copy, 500);
	assert_int_equal(close(copy), 0);
}

static void
ioctl_of_a_socket_and_of_a_file(void **state)
{
	int n = -1;

	(void)state;
	assert_int_equal(write(pipe_out, "abc", 3), 3);
	assert_int_equal(ioctl(pipe_in, FIONREAD, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(ioctl(server, FIONREAD, &n), 0);
	assert_int_equal(n, 0);
	/* libc reads the argument, the library does not. */
	assert_int_equal(ioctl(pipe_in, FIONBIO, &(int){ 0 }), 0);
	assert_int_equal(fcntl(pipe_in, F_GETFL), O_RDONLY);
	assert_int_equal(ioctl(server, FIONBIO, &(int){ 0 }), 0);
	assert_int_equal(fcntl(server, F_GETFL), O_NONBLOCK);
	assert_errno(ioctl(server, TIOCGWINSZ, &n), EOPNOTSUPP);
	assert_errno(ioctl(pipe_in, TIOCGWINSZ, &n), ENOTTY);
}

static void
poll_of_sockets_and_files(void **state)
{
	/* Out of the compiler's sight: it knows that poll minds. */
	struct pollfd *volatile no_entries = NULL;
	struct pollfd fds[] = {
		{ .fd = server, .events = POLLIN },
		{ .fd = pipe_in, .events = POLLIN },
		{ .fd = client, .events = POLLOUT },
		{ .fd = pipe_out, .events = POLLOUT },
		{ .fd = -1, .events = POLLIN, .revents = -1 },
		{ .fd = 900, .events = POLLIN },
	};

	(void)state;
	assert_int_equal(poll(fds, 2, 0), 0);
	assert_int_equal(write(client, "x", 1), 1);
	assert_int_equal(poll(fds, 2, FAR), 1);
	assert_int_equal(fds[0].revents, POLLIN);
	assert_int_equal(fds[1].revents, 0);
	assert_int_equal(write(pipe_out, "x", 1), 1);
	assert_int_equal(poll(fds, LEN(fds), FAR), 5);
	assert_int_equal(fds[0].revents, POLLIN);
	assert_int_equal(fds[1].revents, POLLIN);
	assert_int_equal(fds[2].revents, POLLOUT);
	assert_int_equal(fds[3].revents, POLLOUT);
	assert_int_equal(fds[4].revents, 0);
	assert_int_equal(fds[5].revents, POLLNVAL);
	assert_int_equal(close(pipe_out), 0);
	assert_int_equal(close(server), 0);
	assert_int_equal(poll(fds, 2, FAR), 2);
	assert_int_equal(fds[0].revents, POLLNVAL);
	assert_int_equal(fds[1].revents, POLLIN | POLLHUP);
	assert_errno(poll(no_entries, 1, 0), EINVAL);
	assert_int_equal(poll(NULL, 0, 0), 0);
	/* zsock_poll is for sockets alone, whatever their numbers are. */
	assert_int_equal(zsock_poll(&fds[1], 1, 0), 1);
	assert_int_equal(fds[1].revents, POLLNVAL);
}

static void
select_of_sockets_and_files(void **state)
{
	struct timeval no_time = { 0, 0 };
	fd_set r, w;
	int top = pipe_in > server ? pipe_in : server;

	(void)state;
	assert_int_equal(write(client, "x", 1), 1);
	assert_int_equal(write(pipe_out, "x", 1), 1);
	FD_ZERO(&r);
	FD_ZERO(&w);
	FD_SET(server, &r);
	FD_SET(pipe_in, &r);
	FD_SET(client, &r);
	FD_SET(server, &w);
	/* The bytes are on their way: wait for them, then look. */
	assert_int_equal(poll(&(struct pollfd){ .fd = server,
	                          .events = POLLIN },
	                     1, FAR),
	    1);
	assert_int_equal(select(top + 1, &r, &w, NULL, &no_time), 3);
	assert_true(FD_ISSET(server, &r));
	assert_true(FD_ISSET(pipe_in, &r));
	assert_false(FD_ISSET(client, &r));
	assert_true(FD_ISSET(server, &w));
	/* Of others' descriptors it stops at nfds. */
	FD_ZERO(&r);
	FD_SET(pipe_in, &r);
	FD_SET(900, &r);
	assert_int_equal(select(pipe_in + 1, &r, NULL, NULL, NULL), 1);
	FD_ZERO(&w);
	FD_SET(client, &w);
	assert_int_equal(select(0, &r, &w, NULL, &no_time), 1);
	assert_true(FD_ISSET(client, &w));
	profile_set(PROFILE_LINUX);
	assert_int_equal(select(0, &r, &w, NULL, &no_time), 0);
	profile_set(PROFILE_ZEPHYR);
	FD_SET(900, &r);
	assert_errno(select(901, &r, NULL, NULL, NULL), EBADF);
	assert_int_equal(select(-1, NULL, NULL, NULL, &no_time), 0);
	profile_set(PROFILE_LINUX);
	assert_errno(select(-1, NULL, NULL, NULL, &no_time), EINVAL);
	profile_set(PROFILE_ZEPHYR);
	assert_errno(select(0, NULL, NULL, NULL,
	                 &(struct timeval){ .tv_sec = -1 }),
	    EINVAL);
}

/* POSIX: what would not block to read is readable, the end included. */
static void
select_counts_the_end_of_a_pipe_as_readable(void **state)
{
	fd_set r, e;

	(void)state;
	assert_int_equal(close(pipe_out), 0);
	FD_ZERO(&r);
	FD_ZERO(&e);
	FD_SET(pipe_in, &r);
	FD_SET(pipe_in, &e);
	assert_int_equal(select(pipe_in + 1, &r, NULL, &e, NULL), 1);
	assert_true(FD_ISSET(pipe_in, &r));
	assert_false(FD_ISSET(pipe_in, &e));
}

/* A member has the name of a call: no macro may touch it. */
struct driver {
	int (*open)(int family, int type, int proto);
	int (*close)(int fd);
	int (*bind)(int fd, const struct sockaddr *addr, socklen_t len);
	int (*listen)(int fd, int backlog);
	int (*connect)(int fd, const struct sockaddr *addr, socklen_t len);
	int (*accept)(int fd, struct sockaddr *addr, socklen_t *len);
	int (*shutdown)(int fd, int how);
	ssize_t (*send)(int fd, const void *buf, size_t len, int flags);
	ssize_t (*sendto)(int fd, const void *buf, size_t len, int flags,
	    const struct sockaddr *addr, socklen_t addrlen);
	ssize_t (*sendmsg)(int fd, const struct msghdr *msg, int flags);
	ssize_t (*recv)(int fd, void *buf, size_t len, int flags);
	ssize_t (*recvfrom)(int fd, void *buf, size_t len, int flags,
	    struct sockaddr *addr, socklen_t *addrlen);
	ssize_t (*recvmsg)(int fd, struct msghdr *msg, int flags);
	int (*getsockopt)(int fd, int level, int name, void *val,
	    socklen_t *len);
	int (*setsockopt)(int fd, int level, int name, const void *val,
	    socklen_t len);
	int (*getsockname)(int fd, struct sockaddr *addr, socklen_t *len);
	int (*getpeername)(int fd, struct sockaddr *addr, socklen_t *len);
	int (*getaddrinfo)(const char *host, const char *service,
	    const struct addrinfo *hints, struct addrinfo **res);
	void (*freeaddrinfo)(struct addrinfo *ai);
	const char *(*gai_strerror)(int code);
};

static const struct driver posix_names = {
	.open = socket,
	.close = close,
	.bind = bind,
	.listen = listen,
	.connect = connect,
	.accept = accept,
	.shutdown = shutdown,
	.send = send,
	.sendto = sendto,
	.sendmsg = sendmsg,
	.recv = recv,
	.recvfrom = recvfrom,
	.recvmsg = recvmsg,
	.getsockopt = getsockopt,
	.setsockopt = setsockopt,
	.getsockname = getsockname,
	.getpeername = getpeername,
	.getaddrinfo = getaddrinfo,
	.freeaddrinfo = freeaddrinfo,
	.gai_strerror = gai_strerror,
};

static const struct driver zsock_names = {
	.open = zsock_socket,
	.close = zsock_close,
	.bind = zsock_bind,
	.listen = zsock_listen,
	.connect = zsock_connect,
	.accept = zsock_accept,
	.shutdown = zsock_shutdown,
	.send = zsock_send,
	.sendto = zsock_sendto,
	.sendmsg = zsock_sendmsg,
	.recv = zsock_recv,
	.recvfrom = zsock_recvfrom,
	.recvmsg = zsock_recvmsg,
	.getsockopt = zsock_getsockopt,
	.setsockopt = zsock_setsockopt,
	.getsockname = zsock_getsockname,
	.getpeername = zsock_getpeername,
	.getaddrinfo = zsock_getaddrinfo,
	.freeaddrinfo = zsock_freeaddrinfo,
	.gai_strerror = zsock_gai_strerror,
};

/* What a script of calls answered, one line a call. */
struct trace {
	char text[2048];
	size_t len;
};

static void
note(struct trace *t, const char *call, long result)
{
	t->len += (size_t)snprintf(t->text + t->len, sizeof(t->text) - t->len,
	    "%s %ld %d\n", call, result, result < 0 ? errno : 0);
	assert_true(t->len < sizeof(t->text));
	errno = 0;
}

static void
note_errors(const struct driver *d, struct trace *t)
{
	const int sock = d->open(AF_INET, SOCK_STREAM, 0);
	struct addrinfo *res;
	char byte;

	note(t, "family", d->open(AF_UNIX, SOCK_STREAM, 0));
	note(t, "type", d->open(AF_INET, SOCK_RAW, 0));
	note(t, "protocol", d->open(AF_INET, SOCK_DGRAM, 258));
	note(t, "bind", d->bind(sock, NULL, 16));
	note(t, "connect", d->connect(sock, sa(&addr), 7));
	note(t, "accept", d->accept(sock, NULL, NULL));
	note(t, "recv", d->recv(sock, &byte, 1, MSG_DONTWAIT));
	note(t, "null", d->recv(sock, NULL, 1, 0));
	note(t, "recvmsg", d->recvmsg(sock, &(struct msghdr){ 0 }, 0));
	note(t, "sendmsg", d->sendmsg(sock, NULL, 0));
	note(t, "getpeername", d->getpeername(sock, sa(&addr), &addr_len));
	note(t, "setsockopt", d->setsockopt(sock, 4242, 1, &byte, 1));
	note(t, "getaddrinfo", d->getaddrinfo("::1", "http", NULL, &res));
	note(t, d->gai_strerror(EAI_FAIL), 0);
	note(t, "close", d->close(sock));
	note(t, "closed", d->close(sock));
	note(t, "send", d->send(sock, "x", 1, 0));
}

static void
note_conversation(const struct driver *d, struct trace *t)
{
	struct sockaddr_storage name;
	socklen_t len = sizeof(name), int_len = sizeof(int);
	const int a = d->open(AF_INET, SOCK_STREAM, 0);
	char buf[8];
	struct iovec iov[] = { { buf, 1 }, { buf + 1, 7 } };
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 2 };
	struct addrinfo *res = NULL;
	int b, type = 0;

	/* The listener is the same for both spellings. */
	note(t, "connect", d->connect(a, sa(&addr), addr_len));
	b = d->accept(listener, sa(&name), &len);
	note(t, "length", len);
	note(t, "setsockopt",
	    d->setsockopt(a, SOL_SOCKET, SO_KEEPALIVE, &int_len, 4));
	note(t, "getsockopt",
	    d->getsockopt(a, SOL_SOCKET, SO_TYPE, &type, &int_len));
	note(t, "type", type);
	note(t, "getsockname", d->getsockname(a, sa(&name), &len));
	note(t, "getpeername", d->getpeername(a, sa(&name), &len));
	note(t, "send", d->send(a, "hello", 5, 0x40000000));
	note(t, "sendto", d->sendto(a, "you", 3, 0, NULL, 0));
	note(t, "recv", d->recv(b, buf, 5, MSG_WAITALL));
	note(t, "peek", d->recvfrom(b, buf, 1, MSG_PEEK, NULL, NULL));
	note(t, "recvmsg", d->recvmsg(b, &m, 0));
	iov[1].iov_len = 2;
	note(t, "sendmsg", d->sendmsg(b, &m, 0));
	note(t, "recv", d->recv(a, buf, 3, MSG_WAITALL));
	note(t, buf[0] == 'y' && buf[2] == 'u' ? "you" : "?", 0);
	note(t, "none", d->recv(a, buf, 1, MSG_DONTWAIT));
	note(t, "how", d->shutdown(a, 7));
	note(t, "shutdown", d->shutdown(a, SHUT_WR));
	note(t, "end", d->recv(b, buf, 1, MSG_DONTWAIT));
	note(t, "pipe", d->send(a, "x", 1, 0));
	note(t, "close", d->close(a));
	note(t, "close", d->close(b));
	note(t, "found", d->getaddrinfo("127.0.0.1:1", "2", NULL, &res));
	note(t, "port", ntohs(((struct sockaddr_in *)res->ai_addr)->sin_port));
	d->freeaddrinfo(res);
}

static void
both_spellings_answer_alike(void **state)
{
	struct trace posix = { .len = 0 }, zsock = { .len = 0 };

	(void)state;
	note_conversation(&posix_names, &posix);
	note_errors(&posix_names, &posix);
	note_conversation(&zsock_names, &zsock);
	note_errors(&zsock_names, &zsock);
	assert_string_equal(posix.text, zsock.text);
	/* And not because nothing worked. */
	assert_non_null(strstr(posix.text, "recvmsg 3 0\n"));
	assert_non_null(strstr(posix.text, "you 0 0\n"));
	assert_non_null(strstr(posix.text, "port 2 0\n"));
}

static void
text_and_addresses(void **state)
{
	struct in6_addr six;
	char text[INET6_ADDRSTRLEN];

	(void)state;
	assert_int_equal(inet_pton(AF_INET6, "2001:db8::1", &six), 1);
	assert_ptr_equal(inet_ntop(AF_INET6, &six, text, sizeof(text)), text);
	assert_string_equal(text, "2001:db8::1");
	assert_int_equal(gethostname(text, sizeof(text)), 0);
	assert_string_equal(text, "zephyr");
	/* libc would not take this length. */
	assert_int_equal(getnameinfo(&(struct sockaddr){ .sa_family = AF_INET },
	                     0, text, sizeof(text), NULL, 0, 0),
	    0);
	assert_string_equal(text, "0.0.0.0");
	/* Never -1: that is the library's, not libc's. */
	assert_int_equal(inet_pton(AF_UNIX, "::1", &six), 0);
	assert_int_equal(inet_pton(0x10000 | AF_INET6, "::1", &six), 0);
	assert_null(inet_ntop(0x10000 | AF_INET6, &six, text, sizeof(text)));
	assert_int_equal(errno, EAFNOSUPPORT);
}

/*
 * Another thread is still in a call when the socket is closed.  Until it has
 * left, the number is nobody's: what the kernel has under it is the stream.
 */
static void
a_number_that_is_closing_is_nobodys(void **state)
{
	struct zsock *held = fdtable_get(client);
	struct pollfd fd = { .fd = client, .events = POLLOUT };
	struct timeval none = { 0 };
	uint64_t value = 1;
	fd_set set;
	int n;

	(void)state;
	assert_int_equal(close(client), 0);
	assert_errno(write(client, "x", 1), EBADF);
	assert_errno(read(client, &value, 1), EBADF);
	assert_errno(fcntl(client, F_GETFL), EBADF);
	assert_errno(ioctl(client, FIONREAD, &n), EBADF);
	assert_errno(eventfd_read(client, &value), EBADF);
	assert_errno(eventfd_write(client, value), EBADF);
	assert_int_equal(poll(&fd, 1, 0), 1);
	assert_int_equal(fd.revents, POLLNVAL);
	FD_ZERO(&set);
	FD_SET(client, &set);
	assert_errno(select(client + 1, &set, NULL, NULL, &none), EBADF);
	assert_errno(close(client), EBADF);
	assert_int_not_equal(kernel->fcntl(client, F_GETFD, 0), -1);
	sock_put(held);
	assert_int_equal(kernel->fcntl(client, F_GETFD, 0), -1);
	/* What has the number next is its owner's. */
	assert_int_equal(kernel->dup3(pipe_in, client, 0), client);
	assert_int_equal(write(pipe_out, "x", 1), 1);
	assert_int_equal(read(client, &value, 1), 1);
	assert_int_equal(close(client), 0);
}

/*
 * A signal handler may write to a pipe, whatever it has interrupted: here, a
 * change of the table.
 */
static void
what_is_foreign_is_known_without_a_lock(void **state)
{
	struct pollfd fd = { .fd = pipe_in, .events = POLLIN };
	char byte;

	(void)state;
	fdtable_freeze();
	assert_int_equal(write(pipe_out, "x", 1), 1);
	assert_int_equal(poll(&fd, 1, 0), 1);
	assert_int_equal(read(pipe_in, &byte, 1), 1);
	fdtable_thaw();
}

/* A pipe's close goes through the library's table to the kernel. */
static void
what_is_not_ours_goes_to_the_kernel_table(void **state)
{
	(void)state;
	fake_kernel_install();
	assert_int_equal(write(pipe_out, "x", 1), 1);
	assert_int_equal(fake_kernel_count(FAKE_WRITE), 1);
	assert_int_equal(write(client, "x", 1), 1);
	assert_int_equal(fake_kernel_count(FAKE_WRITE), 1);
	assert_int_equal(fake_kernel_count(FAKE_SENDTO), 1);
	fake_kernel_fail(FAKE_CLOSE, 1, EIO);
	assert_errno(close(pipe_out), EIO);
	fake_kernel_remove();
}

int
main(void)
{
#define WITH_LINK(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH_LINK(sockets_have_the_kernels_numbers),
		WITH_LINK(both_spellings_are_the_same_socket),
		WITH_LINK(read_and_write_take_any_descriptor),
		WITH_LINK(a_socketpair_is_the_librarys),
		WITH_LINK(an_eventfd_is_the_librarys),
		WITH_LINK(an_eventfd_of_libc_is_the_kernels),
		WITH_LINK(writing_to_a_closed_socket_is_no_signal),
		WITH_LINK(a_socket_call_on_a_file_is_ebadf),
		WITH_LINK(a_number_that_is_nobodys_is_ebadf),
		WITH_LINK(fcntl_of_a_socket_and_of_a_file),
		WITH_LINK(ioctl_of_a_socket_and_of_a_file),
		WITH_LINK(poll_of_sockets_and_files),
		WITH_LINK(select_of_sockets_and_files),
		WITH_LINK(select_counts_the_end_of_a_pipe_as_readable),
		WITH_LINK(both_spellings_answer_alike),
		WITH_LINK(text_and_addresses),
		WITH_LINK(a_number_that_is_closing_is_nobodys),
		WITH_LINK(what_is_foreign_is_known_without_a_lock),
		WITH_LINK(what_is_not_ours_goes_to_the_kernel_table),
	};

	setenv("ZSOCK_LOG", "off", 1);
	config_reload();
	return cmocka_run_group_tests_name("api/posix", tests, NULL, NULL);
}
