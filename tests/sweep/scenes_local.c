/* What never leaves the process: socketpairs and eventfds. */
#include <errno.h>
#include <stdint.h>

#include <zephyr/net/socket.h>
#include <zephyr/zvfs/eventfd.h>

#include "sweep/ends.h"
#include "sweep/turns.h"

#define ROUNDS 5

/* The other end's number, which port carries; 0 is none. */
static int
other_end(const struct scene_run *run)
{
	return (int)run->port - 1;
}

static void
pair_left(void *arg)
{
	struct scene_run *run = arg;
	const size_t bytes = run->scene->ends->bytes;
	int sv[2];

	if (scene_did(run, DEED_PAIR, -1,
	        zsock_socketpair(AF_UNIX, SOCK_STREAM, 0, sv)) < 0)
		return;
	run->port = (uint16_t)(sv[1] + 1);
	if (ends_send(run, sv[0], bytes) == 0)
		(void)ends_recv(run, sv[0], bytes);
	scene_close(run, sv[0]);
}

static void
pair_right(void *arg)
{
	struct scene_run *run = arg;
	const size_t bytes = run->scene->ends->bytes;
	const int sock = other_end(run);

	if (sock < 0)
		return;
	if (ends_wait(run, sock, ZSOCK_POLLIN) == 0 &&
	    ends_recv(run, sock, bytes) == 0)
		(void)ends_send(run, sock, bytes);
	scene_close(run, sock);
}

static int
add(struct scene_run *run, int sock, uint64_t value)
{
	int rc, tries = 0;

	do {
		rc = zvfs_eventfd_write(sock, value);
	} while (rc < 0 && ends_again(run, sock, ZSOCK_POLLOUT, &tries));
	return (int)scene_did(run, DEED_SEND, sock, rc);
}

static void
event_left(void *arg)
{
	struct scene_run *run = arg;
	const int sock =
	    (int)scene_did(run, DEED_EVENT, -1, zvfs_eventfd(0, 0));

	if (sock < 0)
		return;
	run->port = (uint16_t)(sock + 1);
	for (uint64_t i = 1; i <= ROUNDS; i++) {
		if (add(run, sock, i) < 0)
			break;
		scene_mine(run)->sent += i;
		turns_pass();
	}
	if (scene_mine(run)->failed != DEED_NONE)
		run->port = 0;
	while (run->port != 0 && !turns_alone())
		turns_pass();
	scene_close(run, sock);
}

static void
event_right(void *arg)
{
	struct scene_run *run = arg;
	struct scene_side *s = scene_mine(run);
	const int sock = other_end(run);
	const size_t all = ROUNDS * (ROUNDS + 1) / 2;
	uint64_t value;
	int rc, tries = 0;

	while (sock >= 0 && run->port != 0 && s->received < all) {
		if (ends_wait(run, sock, ZSOCK_POLLIN) < 0)
			break;
		rc = zvfs_eventfd_read(sock, &value);
		if (rc == 0)
			s->received += value;
		else if (!ends_again(run, sock, ZSOCK_POLLIN, &tries)) {
			(void)scene_did(run, DEED_RECV, sock, rc);
			break;
		}
	}
	run->port = 0;
}

#define ENDS(n) \
	&(const struct ends) \
	{ \
		.type = SOCK_STREAM, .bytes = n \
	}
#define SCENE(name, profile, of, n) \
	{ \
		name, profile, of##_left, of##_right, ENDS(n), NULL, NULL \
	}

const struct scene scenes_local[] = {
	SCENE("socketpair", "zephyr", pair, 300),
	SCENE("socketpair_linux", "linux", pair, 3000),
	SCENE("eventfd", "zephyr", event, 0),
	SCENE("eventfd_linux", "linux", event, 0),
	{ 0 },
};
