#include "process_link.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "say.h"

#define RETRY_MS 10

/* Until fd is ready, or the deadline is over. */
static int
wait_for(int fd, short events, struct deadline until)
{
	struct pollfd p = { .fd = fd, .events = events };
	const int n = poll(&p, 1, deadline_left_ms(until));

	if (n == -1)
		return errno == EINTR ? 0 : -errno;
	return n == 0 ? -ETIMEDOUT : 0;
}

static int
learn_peer(struct link *l)
{
	struct ucred u;
	socklen_t len = sizeof(u);

	if (getsockopt(l->fd, SOL_SOCKET, SO_PEERCRED, &u, &len) == -1)
		return -errno;
	l->uid = u.uid;
	l->pid = u.pid;
	return 0;
}

/* A queue that is full is no error of the connection's: so again, and again. */
static int
try_connect(int fd, const struct sockaddr_un *addr, socklen_t len,
    struct deadline until)
{
	int left;

	while (connect(fd, (const struct sockaddr *)addr, len) == -1) {
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		left = deadline_left_ms(until);
		if (left == 0)
			return -ETIMEDOUT;
		(void)poll(NULL, 0, left < RETRY_MS ? left : RETRY_MS);
	}
	return 0;
}

int
link_connect(struct link *l, const struct control_dir *d, const char *name,
    struct deadline until)
{
	struct sockaddr_un addr;
	const socklen_t len = control_dir_address(d, name, &addr);
	int rc;

	*l = (struct link){ .fd = -1 };
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (l->fd == -1)
		return -errno;
	rc = try_connect(l->fd, &addr, len, until);
	if (rc == 0)
		rc = learn_peer(l);
	if (rc < 0)
		link_close(l);
	return rc;
}

void
link_close(struct link *l)
{
	if (l->fd != -1)
		close(l->fd);
	l->fd = -1;
	wire_read_fini(&l->in);
}

void
link_begin(struct link *l, struct wire_frame *w, enum wire_type type)
{
	*w = (struct wire_frame){ .begin = 0 };
	wire_begin(w, type, ++l->id);
}

static int
send_all(const struct link *l, const struct wire_frame *w,
    struct deadline until)
{
	size_t at = 0;
	ssize_t n;
	int rc;

	while (at < w->b.len) {
		n = send(l->fd, w->b.data + at, w->b.len - at, MSG_NOSIGNAL);
		if (n >= 0) {
			at += (size_t)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return errno == EPIPE ? -ECONNRESET : -errno;
		rc = wait_for(l->fd, POLLOUT, until);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int
link_send(struct link *l, struct wire_frame *w, struct deadline until)
{
	const int rc = wire_end(w) ? send_all(l, w, until) : -EFBIG;

	wire_fini(w);
	return rc;
}

/* At least one byte; 1 when the frame is whole. */
static int
receive_some(struct link *l, struct deadline until)
{
	unsigned char *to;
	size_t len;
	ssize_t n;
	int rc;

	to = wire_read_room(&l->in, &len);
	if (to == NULL)
		return -ENOMEM;
	n = recv(l->fd, to, len, 0);
	if (n == -1 && errno == EINTR)
		return 0;
	if (n == -1 && errno == EAGAIN) {
		rc = wait_for(l->fd, POLLIN, until);
		return rc;
	}
	if (n <= 0)
		return -ECONNRESET;
	return wire_read(&l->in, (size_t)n);
}

int
link_receive(struct link *l, struct deadline until)
{
	int rc = 0;

	wire_read_fini(&l->in);
	while (rc == 0)
		rc = receive_some(l, until);
	if (rc < 0)
		return rc;
	return l->in.head.id == l->id && l->in.head.type > 128 ? 0 : -EPROTO;
}

int
link_field(const struct link *l, size_t *at, struct wire_field *f)
{
	return wire_next(l->in.body.data, l->in.head.len, at, f);
}

bool
link_is_over(const struct link *l)
{
	char byte;

	return recv(l->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

int
link_greet(struct link *l, struct deadline until)
{
	struct wire_frame w;

	link_begin(l, &w, WIRE_HELLO);
	wire_put_text(&w, WIRE_CLIENT, "zsock-cred");
	wire_put_u32(&w, WIRE_MAX_VERSION, WIRE_VERSION);
	return link_send(l, &w, until);
}

/* What is longer than it may be is cut: it is shown, and no more. */
static void
read_text(const struct wire_field *f, char *out, size_t size)
{
	const size_t len = f->len < size ? f->len : size - 1;

	if (f->data == NULL)
		return;
	memcpy(out, f->data, len);
	out[len] = '\0';
}

static int
read_hello(struct link *l, struct place_process *out)
{
	uint32_t version = 0, pid = 0, level = 0, count = 0;
	struct wire_field name = { .len = 0 }, exe = { .len = 0 };
	const struct wire_want wants[] = {
		{ WIRE_MAX_VERSION, &version, NULL, NULL },
		{ WIRE_PID, &pid, NULL, NULL },
		{ WIRE_LEVEL, &level, NULL, NULL },
		{ WIRE_COUNT, &count, NULL, NULL },
		{ WIRE_GENERATION, NULL, &out->generation, NULL },
		{ WIRE_NAME, NULL, NULL, &name },
		{ WIRE_EXE, NULL, NULL, &exe },
	};

	if (!wire_pick(&l->in, wants, sizeof(wants) / sizeof(wants[0])) ||
	    wire_level_name(level) == NULL)
		return -EPROTO;
	if (version != WIRE_VERSION)
		return -EPROTONOSUPPORT;
	read_text(&name, out->name, sizeof(out->name));
	read_text(&exe, out->exe, sizeof(out->exe));
	/* Of another pid namespace the kernel knows no number here. */
	out->pid = l->pid > 0 ? (int)l->pid : (int)pid;
	out->level = (int)level;
	out->count = count;
	return 0;
}

int
link_greeted(struct link *l, struct deadline until, struct place_process *out)
{
	const int rc = link_receive(l, until);

	if (rc < 0)
		return rc;
	if (l->in.head.type == WIRE_HELLO_OK)
		return read_hello(l, out);
	return l->in.head.type == WIRE_ERROR ? -EPROTONOSUPPORT : -EPROTO;
}
