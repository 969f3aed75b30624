/*
 * P43: what is no internet socket is nobody's business, with limits in force
 * for those that are.
 */
#include "prog.h"

#include <ifaddrs.h>
#include <linux/netlink.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

static void
local_socket(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const int a = socket(AF_UNIX, SOCK_STREAM, 0);
	const int b = socket(AF_UNIX, SOCK_STREAM, 0);
	int type = 0, c;
	socklen_t len = sizeof(addr.sun_family);
	char buf[6];

	MUST(a >= 0 && b >= 0);
	MUST_BE(bind(a, (void *)&addr, len), 0);
	MUST_BE(listen(a, 1), 0);
	len = sizeof(addr);
	MUST_BE(getsockname(a, (void *)&addr, &len), 0);
	MUST_BE(connect(b, (void *)&addr, len), 0);
	c = accept(a, NULL, NULL);
	MUST(c >= 0);
	MUST_BE(send(b, "unix!", 6, 0), 6);
	MUST_BE(recv(c, buf, 6, 0), 6);
	MUST(strcmp(buf, "unix!") == 0);
	len = sizeof(type);
	MUST_BE(getsockopt(b, SOL_SOCKET, SO_DOMAIN, &type, &len), 0);
	MUST_BE(type, AF_UNIX);
	close(a);
	close(b);
	close(c);
}

static void
foreign(void)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST };
	struct addrinfo *list = NULL;
	struct ifaddrs *ifs = NULL;
	int fds[20], pair[2];

	for (size_t i = 0; i < 20; i++) {
		fds[i] = i % 3 == 0 ? socket(AF_UNIX, SOCK_DGRAM, 0)
		    : i % 3 == 1 ? socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)
		                 : eventfd(0, 0);
		MUST(fds[i] >= 0);
	}
	MUST_BE(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
	local_socket();
	MUST(getpwnam("root") != NULL);
	openlog("zsock-shim-test", LOG_NDELAY, LOG_USER);
	syslog(LOG_DEBUG, "a line");
	closelog();
	MUST_BE(getaddrinfo("127.0.0.1", "80", &hints, &list), 0);
	freeaddrinfo(list);
	MUST_BE(getaddrinfo("localhost", "80", NULL, &list), 0);
	freeaddrinfo(list);
	MUST_BE(getifaddrs(&ifs), 0);
	freeifaddrs(ifs);
	local_socket();
}

/* One internet socket is all that the limits allow; the rest is uncounted. */
static void
limited(void)
{
	int first, second;

	foreign();
	first = socket(AF_INET, SOCK_STREAM, 0);
	MUST(first >= 0);
	MUST_FAIL(socket(AF_INET, SOCK_DGRAM, 0), ENOENT);
	foreign();
	MUST_BE(close(first), 0);
	second = socket(AF_INET, SOCK_STREAM, 0);
	MUST(second >= 0);
}

static const struct verb verbs[] = {
	{ "foreign", foreign },
	{ "limited", limited },
};

PROG_MAIN(verbs)
