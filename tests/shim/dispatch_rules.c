#include "dispatch.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static int
port_of(int fd)
{
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);

	EXPECT(getsockname(fd, (struct sockaddr *)&addr, &len) == 0);
	return ntohs(addr.sin_port);
}

static struct sockaddr_in
address(in_addr_t host, int port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = host };

	return addr;
}

/* The address of this machine by that name; INADDR_NONE if it has none. */
static in_addr_t
look_up(const char *name)
{
	const struct addrinfo hints = { .ai_family = AF_INET };
	struct addrinfo *list;
	in_addr_t host;

	if (getaddrinfo(name, NULL, &hints, &list) != 0)
		return INADDR_NONE;
	host = ((struct sockaddr_in *)(void *)list->ai_addr)->sin_addr.s_addr;
	freeaddrinfo(list);
	return host;
}

/* A name that is not known without a look-up, and its address. */
static in_addr_t
own_name(char *name, size_t size)
{
	in_addr_t host = INADDR_NONE;

	if (gethostname(name, size) == 0 && strchr(name, '.') == NULL &&
	    strcmp(name, "localhost") != 0)
		host = look_up(name);
	if (host == INADDR_NONE) {
		puts("left out: rules by name: this machine has no address by "
		     "its own name");
		exit(0);
	}
	return host;
}

/* Runs the program again, with rules for the port of a listener. */
void
dispatch_rules(char *const argv[])
{
	const int l = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in addr = address(INADDR_ANY, 0);
	char number[16], text[128], name[64];

	addr.sin_addr.s_addr = own_name(name, sizeof(name));
	setenv("DISPATCH_HOST", inet_ntoa(addr.sin_addr), 1);
	addr.sin_addr.s_addr = INADDR_ANY;
	if (bind(l, (struct sockaddr *)&addr, sizeof(addr)) == -1 ||
	    listen(l, 8) == -1) {
		perror("FAILED listen");
		exit(1);
	}
	(void)snprintf(text, sizeof(text), "%s:%d=5,6", name, port_of(l));
	setenv("ZSOCK_TLS_CONNECT", text, 1);
	(void)snprintf(text, sizeof(text), "%d=7", port_of(l));
	setenv("ZSOCK_TLS_LISTEN", text, 1);
	(void)snprintf(number, sizeof(number), "%d", l);
	(void)fflush(stdout);
	execl("/proc/self/exe", argv[0], "rules", number, (char *)NULL);
	perror("FAILED exec");
	exit(1);
}

static int
connect_to(in_addr_t host, int port, int type)
{
	const int fd = socket(AF_INET, type, 0);
	struct sockaddr_in addr = address(host, port);

	EXPECT(connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0);
	return fd;
}

static void
fast_open(in_addr_t host, int port)
{
	const int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in addr = address(host, port);

	EXPECT(sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&addr,
	           sizeof(addr)) == -1);
	close(fd);
}

static int
kernels_flag(int fd)
{
	return (int)syscall(SYS_fcntl, fd, F_GETFD, 0);
}

/* What a child could inherit, while it is not known what the socket will be. */
static void
in_between(in_addr_t host)
{
	struct sockaddr_in addr = address(host, 1);
	const int fd = socket(AF_INET, SOCK_STREAM, 0), copy = dup(fd);

	EXPECT(fcntl(fd, F_GETFD) == 0 && kernels_flag(fd) == FD_CLOEXEC);
	EXPECT(fcntl(copy, F_GETFD) == 0 && kernels_flag(copy) == FD_CLOEXEC);
	EXPECT(fcntl(copy, F_SETFD, FD_CLOEXEC) == 0);
	EXPECT(fcntl(copy, F_GETFD) == FD_CLOEXEC);
	EXPECT(dup2(fd, copy) == copy && fcntl(copy, F_GETFD) == 0);
	EXPECT(kernels_flag(copy) == FD_CLOEXEC);
	EXPECT(fcntl(copy, F_SETFD, 0) == 0 && kernels_flag(copy) == 0);
	EXPECT(connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == -1);
	EXPECT(fcntl(fd, F_GETFD) == 0 && kernels_flag(fd) == FD_CLOEXEC);
	close(copy);
	close(fd);
}

/* It stays plain, and so do its copies. */
static void
settled_as_plain(void)
{
	struct sockaddr_in addr = address(htonl(INADDR_LOOPBACK), 0);
	socklen_t len = sizeof(addr);
	const int fd = socket(AF_INET, SOCK_STREAM, 0), copy = dup(fd);

	EXPECT(bind(fd, (struct sockaddr *)&addr, len) == 0);
	EXPECT(kernels_flag(copy) == FD_CLOEXEC && fcntl(copy, F_GETFD) == 0);
	EXPECT(listen(fd, 1) == 0);
	EXPECT(kernels_flag(copy) == 0 && kernels_flag(fd) == 0);
	close(copy);
	close(fd);
}

/* Flags that the program has for itself are what the kernel has. */
static void
own_flags(void)
{
	const int fd = socket(AF_INET, SOCK_STREAM, 0);
	int copy = dup3(fd, 50, O_CLOEXEC);

	EXPECT(copy == 50 && fcntl(copy, F_GETFD) == FD_CLOEXEC);
	EXPECT(fcntl(fd, F_GETFD) == 0);
	EXPECT(close_range(50, 50, ~0) == -1);
	EXPECT(fcntl(fd, F_DUPFD, 50) == 51 && fcntl(51, F_GETFD) == 0);
	EXPECT(close_range(51, 51, ~0) == -1);
	EXPECT(fcntl(51, F_GETFD) == 0 && kernels_flag(51) == FD_CLOEXEC);
	EXPECT(close_range(51, 51, CLOSE_RANGE_CLOEXEC) == 0);
	EXPECT(fcntl(51, F_GETFD) == FD_CLOEXEC);
	EXPECT(dup2(fd, 51) == 51 && fcntl(51, F_GETFD) == 0);
	(void)syscall(SYS_close_range, 51, 51, 0);
	copy = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	EXPECT(dup3(copy, 51, O_CLOEXEC) == 51);
	EXPECT(fcntl(51, F_GETFD) == FD_CLOEXEC);
	EXPECT(fcntl(copy, F_GETFD) == FD_CLOEXEC);
	close(copy);
	close(51);
	close(50);
	close(fd);
}

/* The others that stand for it are the core's as well. */
static void
copies(in_addr_t host, int port)
{
	struct sockaddr_in addr = address(host, port);
	const int fd = socket(AF_INET, SOCK_STREAM, 0), a = dup(fd),
	          b = fcntl(a, F_DUPFD_CLOEXEC, 60);
	const int sends = dispatch_calls("send");

	EXPECT(connect(a, (struct sockaddr *)&addr, sizeof(addr)) == 0);
	EXPECT(dispatch_calls("adopt_copy") == 2);
	EXPECT(send(fd, "x", 1, 0) == 1 && send(a, "x", 1, 0) == 1 &&
	    send(b, "x", 1, 0) == 1);
	EXPECT(dispatch_calls("send") == sends + 3);
	close(a);
	close(b);
	close(fd);
}

/* It looks the name up only after its first connection. */
void
dispatch_rules_again(int fd)
{
	const int port = port_of(fd);
	char name[64], wanted[128];
	in_addr_t host;
	int a, b, c;

	host = inet_addr(getenv("DISPATCH_HOST"));
	dispatch_case("a_connect_by_data_is_refused_without_a_look_up");
	fast_open(host, port);
	dispatch_case("a_rule_by_name_does_not_wait_for_the_program");
	a = connect_to(host, port, SOCK_STREAM);
	EXPECT(dispatch_calls("adopt") == 1 && dispatch_calls("connect") == 1);
	EXPECT(own_name(name, sizeof(name)) == host);
	dispatch_case("a_rule_for_a_connect");
	b = connect_to(host, port, SOCK_STREAM);
	(void)snprintf(wanted, sizeof(wanted), "5,6, %s 0", name);
	EXPECT(strcmp(dispatch_adopted(), wanted) == 0);
	EXPECT(dispatch_calls("adopt") == 2 && dispatch_calls("connect") == 2);
	EXPECT(send(a, "x", 1, 0) == 1 && dispatch_calls("send") == 1);
	EXPECT(send(b, "x", 1, 0) == 1 && dispatch_calls("send") == 2);
	dispatch_case("a_child_inherits_nothing_that_may_become_secure");
	in_between(host);
	settled_as_plain();
	own_flags();
	dispatch_case("datagrams_have_no_rule");
	c = connect_to(host, port, SOCK_DGRAM);
	EXPECT(dispatch_calls("adopt") == 2);
	dispatch_case("a_connect_by_data_is_refused");
	fast_open(host, port);
	dispatch_case("a_rule_for_a_listener");
	EXPECT(listen(fd, 8) == 0);
	EXPECT(strcmp(dispatch_adopted(), "7, any 1") == 0);
	EXPECT(dispatch_calls("adopt") == 3 && dispatch_calls("listen") == 1);
	EXPECT(listen(fd, 8) == 0 && dispatch_calls("adopt") == 3);
	dispatch_case("a_copy_is_adopted_with_it");
	copies(host, port);
	close(a);
	close(b);
	close(c);
}
