/* Streams, plain and secure: a server that hears a client out, and answers. */
#include <errno.h>
#include <sys/wait.h>
#include <unistd.h>

#include <zephyr/net/socket.h>

#include "sweep/ends.h"
#include "sweep/turns.h"

#define TLS_1_2 NET_IPPROTO_TLS_1_2
#define TLS_1_3 NET_IPPROTO_TLS_1_3

static int
accept_one(struct scene_run *run, int listener)
{
	int sock, tries = 0;

	do {
		sock = zsock_accept(listener, NULL, NULL);
	} while (sock < 0 && ends_again(run, listener, ZSOCK_POLLIN, &tries));
	if (sock < 0)
		(void)scene_did(run, DEED_ACCEPT, listener, -1);
	else if (run->scene->ends->nonblock &&
	    scene_did(run, DEED_OPTION, sock,
	        zsock_fcntl(sock, ZVFS_F_SETFL, ZVFS_O_NONBLOCK)) < 0) {
		scene_close(run, sock);
		sock = -1;
	}
	return sock;
}

static int
serve_one(struct scene_run *run, int listener)
{
	const size_t bytes = run->scene->ends->bytes;
	int sock, rc;

	if (ends_wait(run, listener, ZSOCK_POLLIN) < 0)
		return -1;
	sock = accept_one(run, listener);
	if (sock < 0)
		return -1;
	rc = ends_recv(run, sock, bytes);
	if (rc == 0)
		rc = ends_send(run, sock, bytes);
	if (rc == 0)
		rc = ends_recv_end(run, sock);
	scene_close(run, sock);
	return rc;
}

static void
server(void *arg)
{
	struct scene_run *run = arg;
	const struct ends *e = run->scene->ends;
	const int sock = ends_open(run, e, &e->server);
	int rc, n = e->times > 0 ? e->times : 1;

	if (sock < 0)
		return;
	rc = ends_bind(run, sock);
	if (rc == 0)
		rc = (int)scene_did(run, DEED_LISTEN, sock,
		    zsock_listen(sock, 4));
	if (rc < 0)
		run->port = 0;
	while (rc == 0 && n-- > 0)
		rc = serve_one(run, sock);
	scene_close(run, sock);
}

/* The child's copy is of no use to it, and no harm to the connection. */
static void
fork_and_close(struct scene_run *run, int sock)
{
	const pid_t child = fork();
	int status = -1;

	if (child == 0)
		_exit(zsock_close(sock) == 0 ? 0 : 1);
	if (child == -1 || waitpid(child, &status, 0) != child || status != 0)
		scene_wrong(run, "a child that closes its copy ends with %#x",
		    (unsigned)status);
}

static int
visit(struct scene_run *run)
{
	const struct ends *e = run->scene->ends;
	const int sock = ends_open(run, e, &e->client);
	int rc;

	if (sock < 0)
		return -1;
	rc = ends_connect(run, sock);
	if (rc == 0 && e->forks)
		fork_and_close(run, sock);
	if (rc == 0)
		rc = ends_send(run, sock, e->bytes);
	if (rc == 0)
		rc = ends_recv(run, sock, e->bytes);
	scene_close(run, sock);
	return rc;
}

static void
client(void *arg)
{
	struct scene_run *run = arg;
	int n = run->scene->ends->times > 0 ? run->scene->ends->times : 1;

	while (run->port != 0 && n-- > 0 && visit(run) == 0)
		continue;
}

#define STREAM .type = SOCK_STREAM
#define NAMED .hostname = "localhost"
#define TAG(tag) .tags = { tag }, .ntags = 1
#define BOTH(a, b) .tags = { a, b }, .ntags = 2
#define SCENE(name, profile, ...) \
	{ \
		name, profile, server, client, \
		    &(const struct ends){ STREAM, __VA_ARGS__ }, NULL, NULL \
	}

const struct scene scenes_stream[] = {
	SCENE("tcp", "zephyr", .bytes = 30000),
	SCENE("tcp_nonblocking", "zephyr", .bytes = 30000, .nonblock = true),
	SCENE("tcp_zephyr_3_3", "zephyr-3.3", .bytes = 3000),
	SCENE("tcp_linux", "linux", .bytes = 30000),
	SCENE("tls_1_3_certificate", "zephyr", .proto = TLS_1_3,
	    .server = { TAG(ENDS_SERVER) }, .client = { TAG(ENDS_CA), NAMED },
	    .bytes = 40000),
	SCENE("tls_1_2_certificate", "zephyr", .proto = TLS_1_2,
	    .server = { TAG(ENDS_SERVER), .suite = 0xc02b },
	    .client = { TAG(ENDS_CA), NAMED }, .bytes = 20000),
	SCENE("tls_1_3_mutual", "zephyr", .proto = TLS_1_3,
	    .server = { BOTH(ENDS_CA, ENDS_SERVER), .verify = 2,
	        .protocol = "mqtt" },
	    .client = { BOTH(ENDS_CA, ENDS_CLIENT), NAMED, .protocol = "mqtt" },
	    .bytes = 2000),
	SCENE("tls_1_2_psk", "zephyr", .proto = TLS_1_2,
	    .server = { TAG(ENDS_PSK) },
	    .client = { TAG(ENDS_PSK), .suite = 0x00a8, NAMED },
	    .bytes = 20000),
	SCENE("tls_1_3_psk_linux_nonblocking", "linux", .proto = TLS_1_3,
	    .server = { TAG(ENDS_PSK) }, .client = { TAG(ENDS_PSK), NAMED },
	    .bytes = 20000, .nonblock = true),
	SCENE("tls_1_3_psk_forked", "zephyr", .proto = TLS_1_3,
	    .server = { TAG(ENDS_PSK) }, .client = { TAG(ENDS_PSK), NAMED },
	    .bytes = 3000, .forks = true),
	SCENE("tls_1_3_resumed", "zephyr", .proto = TLS_1_3,
	    .server = { TAG(ENDS_SERVER), .cache = true },
	    .client = { TAG(ENDS_CA), NAMED, .cache = true }, .bytes = 500,
	    .times = 2),
	SCENE("tls_1_2_resumed", "zephyr", .proto = TLS_1_2,
	    .server = { TAG(ENDS_SERVER), .cache = true },
	    .client = { TAG(ENDS_CA), NAMED, .suite = 0xc02b, .cache = true },
	    .bytes = 500, .times = 2),
	{ 0 },
};
