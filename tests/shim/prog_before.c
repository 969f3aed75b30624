/*
 * What was made of a socket before a rule made it secure, and other ways past
 * the rules.
 */
#include "prog.h"

#include <aio.h>
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <dlfcn.h>

/* Libc's other names. */
int __connect(int fd, const struct sockaddr *addr, socklen_t len);
ssize_t __write(int fd, const void *buf, size_t n);
ssize_t __read(int fd, void *buf, size_t n);
ssize_t __send(int fd, const void *buf, size_t n, int flags);
int __fcntl(int fd, int cmd, ...);
FILE *_IO_fdopen(int fd, const char *mode);

static struct sockaddr_in
peer_address(void)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(getenv("PEER_PORT"))),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static int
reach(int fd)
{
	const struct sockaddr_in addr = peer_address();

	return connect(fd, (const void *)&addr, sizeof(addr));
}

static int
fresh(void)
{
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	MUST(fd >= 0);
	return fd;
}

static void
copies(void)
{
	const int fd = fresh(), a = dup(fd), b = dup2(fd, 40),
	          c = fcntl(b, F_DUPFD, 50), d = dup3(a, 60, O_CLOEXEC);

	MUST(a >= 0 && b == 40 && c >= 50 && d == 60);
	MUST_BE(reach(b), 0);
	tell("take");
	must_echo(a, "by the first copy");
	must_echo(fd, "by the number itself");
	MUST_BE(close(fd), 0);
	MUST_BE(close(b), 0);
	must_echo(c, "by one of fcntl");
	MUST_BE(fcntl(c, F_GETFD), 0);
	MUST_BE(fcntl(d, F_GETFD), FD_CLOEXEC);
	MUST_BE(close(a), 0);
	MUST_BE(close(c), 0);
	must_echo(d, "by the last");
	MUST_BE(close(d), 0);
	MUST(says(tell("end"), " bad=0 "));
}

/* The copy is a standard one. */
static void
copy_is_input(void)
{
	const int fd = fresh();
	char line[32];

	MUST_BE(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	MUST_BE(reach(fd), 0);
	tell("take");
	MUST_BE(write(fd, "a line\n", 7), 7);
	MUST(fgets(line, sizeof(line), stdin) != NULL);
	MUST(strcmp(line, "a line\n") == 0);
	MUST_BE(close(fd), 0);
	must_echo(STDIN_FILENO, "the other");
}

static void
stream(void)
{
	const int fd = fresh();
	FILE *file = fdopen(fd, "r+");
	char line[32];

	MUST(file != NULL && fileno(file) == fd);
	MUST_BE(reach(fd), 0);
	tell("take");
	MUST(fprintf(file, "a %s\n", "line") > 0);
	MUST_BE(fflush(file), 0);
	MUST(fgets(line, sizeof(line), file) != NULL);
	MUST(strcmp(line, "a line\n") == 0);
	MUST_BE(fclose(file), 0);
	MUST(says(tell("end"), " bad=0 "));
}

/* Each of the calls that move data is refused. */
static void
be_refused(int fd)
{
	char b[8] = "SECRET";
	struct iovec vec = { b, 6 };
	struct msghdr msg = { .msg_iov = &vec, .msg_iovlen = 1 };
	struct mmsghdr many = { .msg_hdr = msg };
	FILE *file = fdopen(dup(fd), "w");
	int pipes[2];

	MUST_FAIL(write(fd, b, 6), EBADF);
	MUST_FAIL(send(fd, b, 6, 0), EBADF);
	MUST_FAIL(sendto(fd, b, 6, 0, NULL, 0), EBADF);
	MUST_FAIL(sendmsg(fd, &msg, 0), EBADF);
	MUST_FAIL(sendmmsg(fd, &many, 1, 0), EBADF);
	MUST_FAIL(writev(fd, &vec, 1), EBADF);
	MUST_FAIL(pwritev2(fd, &vec, 1, -1, 0), EBADF);
	MUST_FAIL(dprintf(fd, "SECRET"), EBADF);
	MUST_FAIL(read(fd, b, 1), EBADF);
	MUST_FAIL(recv(fd, b, 1, MSG_DONTWAIT), EBADF);
	MUST_BE(pipe(pipes), 0);
	MUST_BE(write(pipes[1], b, 6), 6);
	MUST_FAIL(splice(pipes[0], NULL, fd, NULL, 6, 0), EBADF);
	MUST_FAIL(reach(fd), EBADF);
	MUST(file != NULL);
	MUST(fputs("SECRET", file) < 0 || fflush(file) != 0);
}

static void
forked(void)
{
	const int fd = fresh();
	int pipes[2];
	char c;
	pid_t child;

	MUST_BE(pipe(pipes), 0);
	child = fork();
	if (child == 0) {
		MUST_BE(read(pipes[0], &c, 1), 1);
		be_refused(fd);
		_exit(0);
	}
	MUST_BE(reach(fd), 0);
	tell("take");
	MUST_BE(write(pipes[1], "x", 1), 1);
	must_end_well(child);
	must_echo(fd, "as before");
	MUST_BE(close(fd), 0);
	MUST(says(tell("end"), " bad=0 "));
}

/* A socket with the port of the rule, which does not listen yet. */
static int
bound(int *port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)atoi(getenv("LISTEN_PORT"))) };
	const int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	*port = ntohs(addr.sin_port);
	MUST_BE(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), 0);
	MUST_BE(bind(fd, (void *)&addr, sizeof(addr)), 0);
	return fd;
}

static void
serve_one(int listener)
{
	const int fd = accept(listener, NULL, NULL);

	MUST(fd >= 0);
	must_echo(fd, "HELLO");
	MUST_BE(close(fd), 0);
}

/* tell is for the parent alone. */
static void
served_by_child(int listener, int port, int go)
{
	const pid_t child = fork();
	char c;

	if (child == 0) {
		MUST_BE(read(go, &c, 1), 1);
		serve_one(listener);
		_exit(0);
	}
	MUST_BE(listen(listener, 4), 0);
	(void)port;
	tell("mode echo");
}

static void
listens_later(void)
{
	int port, pipes[2];
	const int fd = bound(&port), copy = dup(fd);

	MUST_BE(pipe(pipes), 0);
	served_by_child(fd, port, pipes[0]);
	tell("dial %d", port);
	serve_one(copy);
	MUST(says(tell("end"), " bad=0 "));
	tell("dial %d", port);
	MUST_BE(write(pipes[1], "x", 1), 1);
	MUST(wait(NULL) > 0);
	MUST(says(tell("end"), " in=5 "));
}

/* As another program leaves it: nothing has been seen of it. */
static int
unseen_listener(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)atoi(getenv("LISTEN_PORT"))) };
	const int fd = (int)syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
	const int one = 1;

	MUST_BE(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), 0);
	MUST_BE(syscall(SYS_bind, fd, &addr, sizeof(addr)), 0);
	MUST_BE(syscall(SYS_listen, fd, 4), 0);
	return fd;
}

static void
inherited(void)
{
	const int fd = unseen_listener();

	tell("mode echo");
	tell("dial %s", getenv("LISTEN_PORT"));
	serve_one(fd);
	MUST(says(tell("end"), " bad=0 "));
}

#define TOGETHER 4

static pthread_barrier_t together;

static void *
serve_together(void *listener)
{
	pthread_barrier_wait(&together);
	serve_one(*(const int *)listener);
	return NULL;
}

/* Several threads find at the same time what it is. */
static void
inherited_by_threads(void)
{
	pthread_t threads[TOGETHER];

	tell("mode echo");
	pthread_barrier_init(&together, NULL, TOGETHER);
	for (int round = 0; round < 20; round++) {
		int fd = unseen_listener();

		for (int i = 0; i < TOGETHER; i++)
			MUST_BE(pthread_create(&threads[i], NULL,
			            serve_together, &fd),
			    0);
		for (int i = 0; i < TOGETHER; i++) {
			tell("dial %s", getenv("LISTEN_PORT"));
			MUST(says(tell("end"), " bad=0 "));
		}
		for (int i = 0; i < TOGETHER; i++)
			MUST_BE(pthread_join(threads[i], NULL), 0);
		MUST_BE(close(fd), 0);
	}
}

static void
asynchronous(void)
{
	const int fd = dial_and_take(0);
	struct aiocb cb = { .aio_fildes = fd,
		.aio_buf = "SECRET",
		.aio_nbytes = 6,
		.aio_lio_opcode = LIO_WRITE };
	struct aiocb *list[] = { &cb };

	MUST_FAIL(aio_write(&cb), EBADF);
	MUST_FAIL(aio_read(&cb), EBADF);
	MUST_FAIL(lio_listio(LIO_WAIT, list, 1, NULL), EBADF);
	must_echo(fd, "and not a word of it");
}

static void
several_paths(void)
{
	const int fd = socket(AF_INET, SOCK_STREAM, 262);

	MUST(fd >= 0);
	MUST_BE(reach(fd), 0);
	tell("take");
	must_echo(fd, "by one of them");
}

static void
any_address(void)
{
	struct sockaddr_in addr = peer_address();
	const int fd = fresh();

	addr.sin_addr.s_addr = htonl(INADDR_ANY);
	MUST_BE(connect(fd, (void *)&addr, sizeof(addr)), 0);
	tell("take");
	must_echo(fd, "to this machine");
}

static void
other_names(void)
{
	const struct sockaddr_in addr = peer_address();
	const int fd = fresh(), early = fresh();
	FILE *file = _IO_fdopen(early, "w");
	char b[8];

	MUST_BE(__connect(fd, (const void *)&addr, sizeof(addr)), 0);
	tell("take");
	MUST_BE(__write(fd, "one", 3), 3);
	MUST_BE(__send(fd, "two", 3, 0), 3);
	recv_all(fd, b, 3);
	MUST_BE(__read(fd, b, 3), 3);
	MUST(memcmp(b, "two", 3) == 0);
	MUST_BE(__fcntl(fd, F_GETSIG), 0);
	MUST_BE(reach(early), 0);
	tell("take");
	MUST(fputs("three", file) >= 0 && fflush(file) == 0);
	recv_all(early, b, 5);
}

/* The name of the rule cannot be looked up: libnames.so sees to that. */
static void
not_known(void)
{
	MUST_FAIL(reach(fresh()), ECONNREFUSED);
	MUST_FAIL(reach(fresh()), ECONNREFUSED);
}

static void
known_later(void)
{
	int fd = fresh();

	MUST_FAIL(reach(fd), ECONNREFUSED);
	MUST_BE(reach(fd), 0);
	tell("take");
	must_echo(fd, "the second time");
}

static atomic_int *asked;

static void *
connect_beside(void *unused)
{
	int fd = fresh();

	while (atomic_load(asked) == 0)
		sched_yield();
	MUST_BE(reach(fd), 0);
	must_echo(fd, "beside");
	return unused;
}

/* One thread connects while another one looks the name up. */
static void
race(void)
{
	pthread_t thread;
	int fd = fresh();

	asked = dlsym(RTLD_DEFAULT, "names_asked");
	MUST(asked != NULL);
	MUST_BE(pthread_create(&thread, NULL, connect_beside, NULL), 0);
	MUST_BE(reach(fd), 0);
	must_echo(fd, "ahead");
	MUST_BE(pthread_join(thread, NULL), 0);
}

/* The rule's tag has no credentials. */
static void
no_credentials(void)
{
	const int fd = fresh();
	int proto = 0;
	socklen_t len = sizeof(proto);

	MUST_BE(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	MUST_BE(close(fd), 0);
	MUST_BE(reach(STDIN_FILENO), -1);
	MUST_BE(fileno(stdin), STDIN_FILENO);
	MUST_BE(getsockopt(STDIN_FILENO, SOL_SOCKET, SO_PROTOCOL, &proto, &len),
	    0);
	MUST_BE(proto, IPPROTO_TCP);
}

static const struct verb verbs[] = {
	{ "any_address", any_address },
	{ "asynchronous", asynchronous },
	{ "copies", copies },
	{ "copy_is_input", copy_is_input },
	{ "forked", forked },
	{ "inherited", inherited },
	{ "inherited_by_threads", inherited_by_threads },
	{ "known_later", known_later },
	{ "listens_later", listens_later },
	{ "no_credentials", no_credentials },
	{ "not_known", not_known },
	{ "other_names", other_names },
	{ "race", race },
	{ "several_paths", several_paths },
	{ "stream", stream },
};

PROG_MAIN(verbs)
