#include "support/test.h"

#include "support/loop.h"

#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sock/call.h"
#include "sock/fdtable.h"
#include "sock/poll.h"
#include "sock/tls_names.h"

/* How long a full stream is watched for room. */
#define QUIET_MS 50

socklen_t
loop_addr(struct sockaddr_storage *addr, int family, uint16_t port)
{
	struct sockaddr_in *in = (struct sockaddr_in *)addr;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)addr;

	memset(addr, 0, sizeof(*addr));
	addr->ss_family = (sa_family_t)family;
	if (family == AF_INET) {
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		in->sin_port = htons(port);
		return sizeof(*in);
	}
	in6->sin6_addr = in6addr_loopback;
	in6->sin6_port = htons(port);
	return sizeof(*in6);
}

/* Ports of both families lie at the same offset. */
static uint16_t
port_of(const struct sockaddr_storage *addr)
{
	return ntohs(((const struct sockaddr_in *)addr)->sin_port);
}

int
loop_listen_tls(int family, int proto, int tag, uint16_t *port)
{
	struct sockaddr_storage addr;
	socklen_t len = loop_addr(&addr, family, 0);
	const int sock = call_socket(family, SOCK_STREAM, proto);

	assert_true(sock >= 0);
	assert_int_equal(call_setsockopt(sock, TLS_LEVEL, TLS_NAME_SEC_TAG_LIST,
	                     &tag, sizeof(tag)),
	    0);
	assert_int_equal(call_bind(sock, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(call_listen(sock, 8), 0);
	assert_int_equal(call_getsockname(sock, (struct sockaddr *)&addr, &len),
	    0);
	*port = port_of(&addr);
	return sock;
}

int
loop_listen_raw(int family, uint16_t *port)
{
	struct sockaddr_storage addr;
	socklen_t len = loop_addr(&addr, family, 0);
	const int kfd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(kfd >= 0);
	assert_int_equal(bind(kfd, (struct sockaddr *)&addr, len), 0);
	assert_int_equal(listen(kfd, 8), 0);
	assert_int_equal(getsockname(kfd, (struct sockaddr *)&addr, &len), 0);
	*port = port_of(&addr);
	return kfd;
}

int
loop_connect_raw(int family, uint16_t port)
{
	struct sockaddr_storage addr;
	const socklen_t len = loop_addr(&addr, family, port);
	const int kfd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(kfd >= 0);
	assert_int_equal(connect(kfd, (struct sockaddr *)&addr, len), 0);
	return kfd;
}

int
loop_client_tls(int family, int proto, int tag, const char *name)
{
	const int sock = call_socket(family, SOCK_STREAM, proto);

	assert_true(sock >= 0);
	assert_int_equal(call_setsockopt(sock, TLS_LEVEL, TLS_NAME_SEC_TAG_LIST,
	                     &tag, sizeof(tag)),
	    0);
	assert_int_equal(call_setsockopt(sock, TLS_LEVEL, TLS_NAME_HOSTNAME,
	                     name, name != NULL ? (socklen_t)strlen(name) : 0),
	    0);
	return sock;
}

int
loop_connect(int sock, int family, uint16_t port)
{
	struct sockaddr_storage addr;
	const socklen_t len = loop_addr(&addr, family, port);

	return call_connect(sock, (struct sockaddr *)&addr, len);
}

int
loop_accept_tls(int listener)
{
	const int sock = call_accept(listener, NULL, NULL);
	struct pollfd p = { .fd = sock, .events = POLLOUT };

	if (sock >= 0)
		assert_int_equal(poll_sockets(&p, 1, 20000, false), 1);
	return sock;
}

void *
loop_accept_one(void *arg)
{
	return (void *)(intptr_t)loop_accept_tls(*(int *)arg);
}

void
loop_pair_open(struct loop_pair *p, int family, int proto)
{
	uint16_t port;
	int listener = loop_listen_tls(family, proto, LOOP_SERVER_TAG, &port);
	const pthread_t thread = loop_start(loop_accept_one, &listener);

	p->client = loop_client_tls(family, proto, LOOP_CA_TAG, "localhost");
	assert_int_equal(loop_connect(p->client, family, port), 0);
	p->server = (int)(intptr_t)loop_join(thread);
	assert_true(p->server >= 0);
	assert_int_equal(call_close(listener), 0);
}

void
loop_pair_close(struct loop_pair *p)
{
	assert_int_equal(call_close(p->client), 0);
	assert_int_equal(call_close(p->server), 0);
}

pthread_t
loop_start(void *(*fn)(void *), void *arg)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, fn, arg), 0);
	return thread;
}

void *
loop_join(pthread_t thread)
{
	void *result;

	assert_int_equal(pthread_join(thread, &result), 0);
	return result;
}

void
loop_send_all(int sock, const void *data, size_t len)
{
	size_t done = 0;

	while (done < len) {
		const ssize_t n = call_sendto(sock, (const char *)data + done,
		    len - done, 0, NULL, 0);

		if (n <= 0)
			fail_msg("send answered %zd after %zu", n, done);
		done += (size_t)n;
	}
}

void
loop_recv_all(int sock, void *data, size_t len)
{
	size_t done = 0;

	while (done < len) {
		const ssize_t n = call_recvfrom(sock, (char *)data + done,
		    len - done, 0, NULL, NULL);

		if (n <= 0)
			fail_msg("recv answered %zd after %zu", n, done);
		done += (size_t)n;
	}
}

pid_t
loop_fork(int (*fn)(void *), void *arg)
{
	const pid_t child = fork();

	if (child == 0) {
		alarm(20);
		_exit(fn(arg));
	}
	assert_true(child > 0);
	return child;
}

int
loop_wait(pid_t child)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* How much could be sent until the kernel took no more. */
static size_t
fill_once(int sock)
{
	static const char block[65536];
	size_t total = 0;
	ssize_t n;

	while ((n = call_sendto(sock, block, sizeof(block), MSG_DONTWAIT, NULL,
	            0)) > 0)
		total += (size_t)n;
	assert_int_equal(n, -EAGAIN);
	return total;
}

void
loop_fill(int sock)
{
	struct pollfd p = { .fd = loop_kfd(sock), .events = POLLOUT };

	do {
		/* Full for that long, it stays full: nobody reads. */
		(void)poll(&p, 1, QUIET_MS);
	} while (fill_once(sock) > 0);
}

int
loop_kfd(int sock)
{
	const struct zsock *s = fdtable_peek(sock);

	assert_non_null(s);
	return s->kfd;
}

int
loop_count_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir) != NULL)
		n++;
	closedir(dir);
	return n;
}
