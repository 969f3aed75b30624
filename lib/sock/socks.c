#include "sock/socks.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/err.h"
#include "base/kernel.h"
#include "base/log.h"

/* RFC 1928. */
#define VERSION 5
#define METHOD_NONE 0
#define COMMAND_CONNECT 1
#define TYPE_V4 1
#define TYPE_NAME 3
#define TYPE_V6 4

/* A request: four bytes, an address, a port. */
#define REQUEST_MAX (4 + 16 + 2)

/* What the reply codes mean (RFC 1928, 6), by number. */
static const struct {
	int error;
	const char *text;
} replies[] = {
	{ 0, "succeeded" },
	{ ECONNABORTED, "general failure" },
	{ EACCES, "not allowed by its rules" },
	{ ENETUNREACH, "network unreachable" },
	{ EHOSTUNREACH, "host unreachable" },
	{ ECONNREFUSED, "connection refused" },
	{ ETIMEDOUT, "TTL expired" },
	{ ECONNABORTED, "command not supported" },
	{ ECONNABORTED, "address type not supported" },
};

static int
complain(int error, const char *what)
{
	log_line(LOG_WARN, "SO_SOCKS5: the proxy: %s", what);
	return -error;
}

static int
wait_until(int kfd, short events, struct deadline until)
{
	const int rc = native_wait(kfd, events, until);

	return rc == -ETIMEDOUT ? complain(ETIMEDOUT, "no answer in time") : rc;
}

static int
send_all(int kfd, const unsigned char *p, size_t len, struct deadline until)
{
	ssize_t n;
	int rc;

	while (len > 0) {
		n = err_from_kernel(kernel->sendto(kfd, p, len,
		    MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0));
		if (n == -EAGAIN) {
			rc = wait_until(kfd, POLLOUT, until);
			if (rc < 0)
				return rc;
			continue;
		}
		if (n < 0 && n != -EINTR)
			return complain(ECONNABORTED, "connection broken");
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* Not one byte more than the answer: what follows is the program's. */
static int
recv_all(int kfd, unsigned char *p, size_t len, struct deadline until)
{
	ssize_t n;
	int rc;

	while (len > 0) {
		n = err_from_kernel(
		    kernel->recvfrom(kfd, p, len, MSG_DONTWAIT, NULL, NULL));
		if (n == -EAGAIN) {
			rc = wait_until(kfd, POLLIN, until);
			if (rc < 0)
				return rc;
			continue;
		}
		if (n == 0 || (n < 0 && n != -EINTR))
			return complain(ECONNABORTED, "connection closed");
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static size_t
compose(unsigned char *request, const struct sockaddr *addr)
{
	const union native_addr *a = (const union native_addr *)addr;
	size_t len = 4;

	request[0] = VERSION;
	request[1] = COMMAND_CONNECT;
	request[2] = 0;
	if (addr->sa_family == AF_INET6) {
		request[3] = TYPE_V6;
		memcpy(request + len, &a->in6.sin6_addr, 16);
		len += 16;
	} else {
		request[3] = TYPE_V4;
		memcpy(request + len, &a->in.sin_addr, 4);
		len += 4;
	}
	memcpy(request + len, &a->in.sin_port, 2);
	return len + 2;
}

static int
agree_on_method(int kfd, struct deadline until)
{
	static const unsigned char hello[] = { VERSION, 1, METHOD_NONE };
	unsigned char answer[2] = { 0 };
	int rc;

	rc = send_all(kfd, hello, sizeof(hello), until);
	if (rc == 0)
		rc = recv_all(kfd, answer, sizeof(answer), until);
	if (rc < 0)
		return rc;
	if (answer[0] != VERSION)
		return complain(ECONNABORTED, "it does not speak SOCKS5");
	if (answer[1] != METHOD_NONE)
		return complain(ECONNABORTED,
		    "it wants authentication, "
		    "which the device has not");
	return 0;
}

/* The address that the proxy connects from follows; nobody wants it. */
static int
skip_address(int kfd, unsigned char type, struct deadline until)
{
	unsigned char scrap[255 + 2], len = 0;
	int rc = 0;

	switch (type) {
	case TYPE_V4:
		return recv_all(kfd, scrap, 4 + 2, until);
	case TYPE_V6:
		return recv_all(kfd, scrap, 16 + 2, until);
	case TYPE_NAME:
		rc = recv_all(kfd, &len, 1, until);
		return rc < 0 ? rc
		              : recv_all(kfd, scrap, (size_t)len + 2, until);
	default:
		return complain(ECONNABORTED, "it does not speak SOCKS5");
	}
}

int
socks_connect(struct native *n, const struct sockaddr *addr,
    struct deadline until)
{
	unsigned char request[REQUEST_MAX], answer[4] = { 0 };
	const int kfd = n->base.kfd;
	int rc;

	rc = agree_on_method(kfd, until);
	if (rc == 0)
		rc = send_all(kfd, request, compose(request, addr), until);
	if (rc == 0)
		rc = recv_all(kfd, answer, sizeof(answer), until);
	if (rc < 0)
		return rc;
	if (answer[0] != VERSION)
		return complain(ECONNABORTED, "it does not speak SOCKS5");
	if (answer[1] >= sizeof(replies) / sizeof(replies[0]))
		return complain(ECONNABORTED, "unknown failure");
	if (answer[1] != 0)
		return complain(replies[answer[1]].error,
		    replies[answer[1]].text);
	return skip_address(kfd, answer[3], until);
}
