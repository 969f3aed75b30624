/* Options: each is set twice, and a failure leaves what was set before. */
#include <errno.h>
#include <string.h>

#include <zephyr/net/socket.h>

#include "sweep/ends.h"
#include "sweep/scene.h"

#define VALUE_MAX 64

/* Two values for one option; len 0 is a string's own. */
struct pair {
	int name;
	const void *values[2];
	socklen_t len;
	bool readable;
};

static const char *const protocols[2][1] = { { "mqtt" }, { "coap" } };
static const int suites[2] = { 0xc02b, 0x1301 };

static const struct pair pairs[] = {
	{ ZSOCK_TLS_SEC_TAG_LIST,
	    { &(const int[]){ ENDS_CA }, &(const int[]){ ENDS_SERVER } },
	    sizeof(int), true },
	{ ZSOCK_TLS_SEC_TAG_LIST,
	    { &(const int[]){ ENDS_PSK }, &(const int[]){ ENDS_CLIENT } },
	    sizeof(int), true },
	{ ZSOCK_TLS_CIPHERSUITE_LIST, { &suites[0], &suites[1] }, sizeof(int),
	    true },
	{ ZSOCK_TLS_ALPN_LIST, { protocols[0], protocols[1] },
	    sizeof(const char *), true },
	{ ZSOCK_TLS_HOSTNAME, { "a.test", "b.test" }, 7, false },
	{ ZSOCK_TLS_PEER_VERIFY, { &(const int){ 0 }, &(const int){ 2 } },
	    sizeof(int), false },
	{ ZSOCK_TLS_SESSION_CACHE, { &(const int){ 1 }, &(const int){ 0 } },
	    sizeof(int), true },
	{ ZSOCK_TLS_MAX_FRAGMENT_LENGTH,
	    { &(const int){ 1 }, &(const int){ 2 } }, sizeof(int), false },
};

static void
must_be(struct scene_run *run, int sock, const struct pair *p, int which)
{
	char buf[VALUE_MAX];
	socklen_t len = p->len;

	if (!p->readable)
		return;
	if (zsock_getsockopt(sock, ZSOCK_SOL_TLS, p->name, buf, &len) != 0 ||
	    memcmp(buf, p->values[which], p->len) != 0)
		scene_wrong(run, "option %d is not what was set last", p->name);
}

static void
set_twice(struct scene_run *run, int sock, const struct pair *p)
{
	int set = -1;

	for (int i = 0; i < 2; i++) {
		if (scene_did(run, DEED_OPTION, sock,
		        zsock_setsockopt(sock, ZSOCK_SOL_TLS, p->name,
		            p->values[i], p->len)) == 0)
			set = i;
		if (set >= 0)
			must_be(run, sock, p, set);
	}
}

static void
options(void *arg)
{
	struct scene_run *run = arg;
	int sock;

	scene_mine(run)->secure = true;
	sock = (int)scene_did(run, DEED_SOCKET, -1,
	    zsock_socket(AF_INET, SOCK_STREAM, NET_IPPROTO_TLS_1_2));
	if (sock < 0)
		return;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		set_twice(run, sock, &pairs[i]);
	scene_close(run, sock);
}

/* The proxy of a plain stream is the one option that needs memory. */
static void
proxy(void *arg)
{
	struct scene_run *run = arg;
	const struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_port = htons(1080),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int sock = (int)scene_did(run, DEED_SOCKET, -1,
	    zsock_socket(AF_INET, SOCK_STREAM, 0));

	if (sock < 0)
		return;
	(void)scene_did(run, DEED_OPTION, sock,
	    zsock_setsockopt(sock, ZSOCK_SOL_SOCKET, ZSOCK_SO_SOCKS5, &addr,
	        sizeof(addr)));
	scene_close(run, sock);
}

const struct scene scenes_options[] = {
	{ "options", "zephyr", options, NULL, NULL, NULL, NULL },
	{ "options_linux", "linux", options, NULL, NULL, NULL, NULL },
	{ "proxy", "zephyr", proxy, NULL, NULL, NULL, NULL },
	{ 0 },
};
