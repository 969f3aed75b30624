/* Datagrams, plain and secure: a server that sends back to whom it heard. */
#include <errno.h>

#include <zephyr/net/socket.h>

#include "sweep/ends.h"
#include "sweep/turns.h"

#define DTLS NET_IPPROTO_DTLS_1_2
#define CCM_8 0xc0a8

static int
be_server(struct scene_run *run, int sock)
{
	const int role = ZSOCK_TLS_DTLS_ROLE_SERVER;

	if (!scene_mine(run)->secure)
		return 0;
	return (int)scene_did(run, DEED_OPTION, sock,
	    zsock_setsockopt(sock, ZSOCK_SOL_TLS, ZSOCK_TLS_DTLS_ROLE, &role,
	        sizeof(role)));
}

/* Whom the server has heard is its peer from then on, as far as this goes. */
static int
serve_one(struct scene_run *run, int sock, struct sockaddr_in *from)
{
	const size_t bytes = run->scene->ends->bytes;

	if (ends_wait(run, sock, ZSOCK_POLLIN) < 0 ||
	    ends_recv_from(run, sock, bytes, from) < 0)
		return -1;
	return ends_send_to(run, sock, bytes, from);
}

static void
server(void *arg)
{
	struct scene_run *run = arg;
	const struct ends *e = run->scene->ends;
	const int sock = ends_open(run, e, &e->server);
	struct sockaddr_in from;
	int rc, n = e->times;

	if (sock < 0)
		return;
	rc = be_server(run, sock);
	if (rc == 0)
		rc = ends_bind(run, sock);
	if (rc < 0)
		run->port = 0;
	while (rc == 0 && n-- > 0)
		rc = serve_one(run, sock, &from);
	scene_close(run, sock);
}

static int
ask_one(struct scene_run *run, int sock)
{
	const size_t bytes = run->scene->ends->bytes;

	if (ends_send_to(run, sock, bytes, NULL) < 0 ||
	    ends_wait(run, sock, ZSOCK_POLLIN) < 0)
		return -1;
	return ends_recv_from(run, sock, bytes, NULL);
}

static void
client(void *arg)
{
	struct scene_run *run = arg;
	const struct ends *e = run->scene->ends;
	int sock, rc, n = e->times;

	if (run->port == 0)
		return;
	sock = ends_open(run, e, &e->client);
	if (sock < 0)
		return;
	rc = ends_connect(run, sock);
	while (rc == 0 && n-- > 0)
		rc = ask_one(run, sock);
	scene_close(run, sock);
}

#define DGRAM .type = SOCK_DGRAM
#define NAMED .hostname = "localhost"
#define TAG(tag) .tags = { tag }, .ntags = 1
#define SCENE(name, profile, ...) \
	{ \
		name, profile, server, client, \
		    &(const struct ends){ DGRAM, __VA_ARGS__ }, NULL, NULL \
	}

const struct scene scenes_dgram[] = {
	SCENE("udp", "zephyr", .bytes = 500, .times = 3),
	SCENE("udp_linux_nonblocking", "linux", .bytes = 500, .times = 3,
	    .nonblock = true),
	SCENE("dtls_psk", "zephyr", .proto = DTLS, .server = { TAG(ENDS_PSK) },
	    .client = { TAG(ENDS_PSK), NAMED, .suite = CCM_8 }, .bytes = 300,
	    .times = 3),
	SCENE("dtls_certificate", "zephyr", .proto = DTLS,
	    .server = { TAG(ENDS_SERVER) }, .client = { TAG(ENDS_CA), NAMED },
	    .bytes = 300, .times = 2),
	SCENE("dtls_psk_linux_nonblocking", "linux", .proto = DTLS,
	    .server = { TAG(ENDS_PSK) },
	    .client = { TAG(ENDS_PSK), NAMED, .suite = CCM_8 }, .bytes = 300,
	    .times = 2, .nonblock = true),
	{ 0 },
};
