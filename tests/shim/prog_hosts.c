/* The older calls for the address of a host. */
#include "prog.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netinet/in.h>

/* What the answer is to be: one address of this family. */
static void
must_be_host(const struct hostent *host, int family, const void *address)
{
	const size_t len = family == AF_INET ? 4 : 16;

	MUST(host != NULL);
	MUST_BE(host->h_addrtype, family);
	MUST_BE(host->h_length, len);
	MUST(host->h_name != NULL && *host->h_name != '\0');
	MUST(host->h_aliases != NULL && host->h_addr_list[0] != NULL);
	MUST_BE(memcmp(host->h_addr_list[0], address, len), 0);
}

/* By all five; with each of no room is told, and with all of it none is lost. */
static void
must_know(const char *name, int family, const void *address)
{
	struct hostent host, *result = &host;
	char buf[2048];
	int error = 0;

	must_be_host(gethostbyname2(name, family), family, address);
	MUST_BE(gethostbyname2_r(name, family, &host, buf, sizeof(buf), &result,
	            &error),
	    0);
	MUST(result == &host);
	must_be_host(result, family, address);
	MUST_BE(gethostbyname2_r(name, family, &host, buf, 8, &result, &error),
	    ERANGE);
	MUST(result == NULL && error == NETDB_INTERNAL);
	if (family != AF_INET)
		return;
	must_be_host(gethostbyname(name), family, address);
	MUST_BE(gethostbyname_r(name, &host, buf, sizeof(buf), &result, &error),
	    0);
	must_be_host(result, family, address);
	MUST_BE(gethostbyname_r(name, &host, buf, 8, &result, &error), ERANGE);
	MUST(result == NULL && error == NETDB_INTERNAL);
}

/* Connects to the first address of the answer, and uses it. */
static void
must_reach(const struct hostent *host)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(getenv("PEER_PORT"))) };
	const int fd = socket(AF_INET, SOCK_STREAM, 0);

	memcpy(&addr.sin_addr, host->h_addr_list[0], sizeof(addr.sin_addr));
	MUST_BE(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	must_echo(fd, "hello");
	MUST_BE(close(fd), 0);
}

static void
localhost(void)
{
	const struct in_addr here = { htonl(INADDR_LOOPBACK) };

	must_know("localhost", AF_INET, &here);
	must_know("127.0.0.1", AF_INET, &here);
	must_know("::1", AF_INET6, &in6addr_loopback);
	must_reach(gethostbyname("localhost"));
}

static void
redirected(void)
{
	const struct in_addr here = { htonl(INADDR_LOOPBACK) };
	struct hostent host, *result = &host;
	char buf[2048];
	int error = 0;

	must_know("four.example", AF_INET, &here);
	must_know("six.example", AF_INET6, &in6addr_loopback);
	MUST(gethostbyname2("four.example", AF_INET6) == NULL);
	MUST_BE(h_errno, NO_DATA);
	MUST_BE(gethostbyname2_r("four.example", AF_INET6, &host, buf,
	            sizeof(buf), &result, &error),
	    0);
	MUST(result == NULL && error == NO_DATA);
	must_reach(gethostbyname("four.example"));
}

static const struct verb verbs[] = {
	{ "localhost", localhost },
	{ "redirected", redirected },
};
PROG_MAIN(verbs)
