/* Names and addresses: the resolver's answers, and the program's own. */
#include <errno.h>
#include <string.h>

#include <zephyr/net/socket.h>
#include <zsock/zsock.h>

#include "base/resolver.h"
#include "sweep/scene.h"

/* The host's resolver of these scenes: two addresses for every name. */
static int
answer(const char *host, const char *service, const struct addrinfo *hints,
    struct addrinfo **res)
{
	static struct sockaddr_in addrs[2];
	static struct addrinfo list[2];

	(void)service;
	if (hints != NULL && hints->ai_family == AF_INET6)
		return EAI_NODATA;
	for (int i = 0; i < 2; i++) {
		addrs[i] = (struct sockaddr_in){ .sin_family = AF_INET,
			.sin_addr.s_addr = htonl(0xc0000201 + (uint32_t)i) };
		list[i] = (struct addrinfo){ .ai_family = AF_INET,
			.ai_socktype = hints != NULL ? hints->ai_socktype : 0,
			.ai_addr = (struct sockaddr *)&addrs[i],
			.ai_addrlen = sizeof(addrs[i]),
			.ai_next = i == 0 ? &list[1] : NULL };
	}
	if (host[0] >= '0' && host[0] <= '9')
		list[0].ai_next = NULL; /* it is one */
	*res = list;
	return 0;
}

static void
keep(struct addrinfo *res)
{
	(void)res;
}

static void
begin(void)
{
	static struct resolver ours;

	ours = resolver_libc;
	ours.getaddrinfo = answer;
	ours.freeaddrinfo = keep;
	resolver = &ours;
}

static void
end(void)
{
	resolver_drain();
	resolver = &resolver_libc;
	zsock_hosts_clear();
}

/* Codes are as they are, but EAI_SYSTEM, whose errno counts. */
static int
did(struct scene_run *run, int code)
{
	if (code != 0)
		errno = code == DNS_EAI_SYSTEM ? errno : code;
	return (int)scene_did(run, DEED_LOOKUP, -1, code != 0 ? -1 : 0);
}

static void
look_up(struct scene_run *run, const char *host, const char *service, int n)
{
	const struct zsock_addrinfo hints = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM };
	struct zsock_addrinfo *res = NULL;
	int found = 0;

	if (did(run, zsock_getaddrinfo(host, service, &hints, &res)) < 0) {
		if (res != NULL)
			scene_wrong(run, "a failed lookup leaves a list");
		return;
	}
	for (const struct zsock_addrinfo *a = res; a != NULL; a = a->ai_next)
		found++;
	if (found != n)
		scene_wrong(run, "%d addresses instead of %d", found, n);
	zsock_freeaddrinfo(res);
}

static void
lookups(void *arg)
{
	look_up(arg, "example.test", "443", 2);
	look_up(arg, "192.0.2.7", "1", 1);
}

static void
hosts(void *arg)
{
	static const char lines[] = "127.0.0.1 broker.test broker\n"
	                            "::1 broker.test\n"
	                            "cloud.test:8883 -> 127.0.0.1:18883\n";
	struct scene_run *run = arg;
	const int rc =
	    (int)scene_did(run, DEED_HOSTS, -1, zsock_hosts_add(lines));

	if (rc == 0) {
		look_up(run, "broker.test", "1", 2);
		look_up(run, "cloud.test", "8883", 1);
		return;
	}
	look_up(run, "broker.test", "1", 2); /* the resolver's two */
	look_up(run, "cloud.test", "8883", 2);
}

static void
nameinfo(void *arg)
{
	const struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_port = htons(80),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	char host[64], serv[8];
	int rc = zsock_getnameinfo((const struct sockaddr *)&addr, sizeof(addr),
	    host, sizeof(host), serv, sizeof(serv),
	    ZSOCK_NI_NUMERICHOST | ZSOCK_NI_NUMERICSERV);

	if (rc == 0 &&
	    (strcmp(host, "127.0.0.1") != 0 || strcmp(serv, "80") != 0))
		scene_wrong(arg, "another name");
	errno = rc == DNS_EAI_SYSTEM ? errno : rc;
	(void)scene_did(arg, DEED_NAMEINFO, -1, rc != 0 ? -1 : 0);
}

#define SCENE(name, profile, fn) \
	{ \
		name, profile, fn, NULL, NULL, begin, end \
	}

const struct scene scenes_names[] = {
	SCENE("getaddrinfo", "zephyr", lookups),
	SCENE("getaddrinfo_linux", "linux", lookups),
	SCENE("hosts", "zephyr", hosts),
	SCENE("getnameinfo", "zephyr", nameinfo),
	{ 0 },
};
