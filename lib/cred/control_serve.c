#include "cred/control_serve.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/kernel.h"
#include "base/stack.h"

#define FRAME_MS 5000
#define IDLE_MS 60000
#define PAUSE_MS 1000
#define LOOK_MS 1000

/*
 * What wakes the thread.  It is sent to the thread alone, which blocks all
 * signals, so that no handler sees it.  The kernel has little use for it, and
 * where nobody wants it, it is ignored.
 */
#define WAKE_SIGNAL SIGURG

/* Where a descriptor in the program's table is out of its way. */
#define HIGH 512

/* Is it still ours?  What it was asked is not asked of another's. */
static bool
is_mine(const struct control_server *s, const struct control_kfd *d)
{
	struct stat st;

	if (d->kfd == -1)
		return false;
	return !s->shared ||
	    (fstat(d->kfd, &st) == 0 && S_ISSOCK(st.st_mode) &&
	        st.st_ino == d->ino);
}

static void
drop(const struct control_server *s, struct control_kfd *d)
{
	if (is_mine(s, d))
		kernel->close(d->kfd);
	d->kfd = -1;
}

static void
keep(const struct control_server *s, struct control_kfd *d, int kfd)
{
	struct stat st;
	int high = -1;

	if (s->shared)
		high = kernel->fcntl(kfd, F_DUPFD_CLOEXEC, HIGH);
	if (high != -1) {
		kernel->close(kfd);
		kfd = high;
	} /* else so high a number is forbidden, and the low one serves */
	d->kfd = kfd;
	d->ino = fstat(kfd, &st) == 0 ? st.st_ino : 0;
}

/*
 * In a shared table there would be no telling whether it is still what it was.
 */
static void
make_wake(struct control_server *s)
{
	sigset_t set;

	s->wake = -1;
	if (s->shared)
		return;
	sigemptyset(&set);
	sigaddset(&set, WAKE_SIGNAL);
	s->wake = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

void
control_serve_listen(struct control_server *s, int kfd)
{
	keep(s, &s->listener, kfd);
	make_wake(s);
}

static void
client_end(const struct control_server *s, struct control_client *c)
{
	drop(s, &c->sock);
	wire_read_fini(&c->in);
	wire_fini(&c->out);
	c->sent = 0;
}

/* Nothing is read of what another user has sent, but root. */
static bool
is_welcome(int kfd, struct control_peer *peer)
{
	struct ucred u;
	socklen_t len = sizeof(u);

	if (kernel->getsockopt(kfd, SOL_SOCKET, SO_PEERCRED, &u, &len) == -1 ||
	    (u.uid != geteuid() && u.uid != 0))
		return false;
	peer->uid = u.uid;
	peer->pid = u.pid;
	return true;
}

static void
give_up(int *kfd)
{
	if (*kfd != -1)
		kernel->close(*kfd);
	*kfd = -1;
}

static struct control_client *
free_client(struct control_server *s)
{
	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		if (s->clients[i].sock.kfd == -1)
			return &s->clients[i];
	}
	return NULL;
}

/* One at a time, so that those that are there are served in between. */
static void
take_client(struct control_server *s)
{
	struct control_client *c = free_client(s);
	struct control_peer peer = { .self = &s->self };
	int kfd;

	kfd = kernel->accept4(s->listener.kfd, NULL, NULL,
	    SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (kfd == -1) {
		/* Of descriptors or memory there may be more later. */
		if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
			return;
		give_up(&s->wake);
		give_up(&s->dir);
		s->pause = deadline_in_ms(PAUSE_MS);
		return;
	}
	if (c == NULL || !is_welcome(kfd, &peer)) {
		kernel->close(kfd);
		return;
	}
	keep(s, &c->sock, kfd);
	c->peer = peer;
	c->until = deadline_in_ms(FRAME_MS);
}

/* False: the connection is over. */
static bool
flush(struct control_client *c)
{
	ssize_t n;

	while (c->sent < c->out.b.len) {
		n = kernel->sendto(c->sock.kfd, c->out.b.data + c->sent,
		    c->out.b.len - c->sent, MSG_DONTWAIT | MSG_NOSIGNAL, NULL,
		    0);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return errno == EAGAIN;
		c->sent += (size_t)n;
	}
	if (c->sent > 0) {
		wire_fini(&c->out);
		c->sent = 0;
		c->until = deadline_in_ms(IDLE_MS);
	}
	return true;
}

static bool
answer(struct control_client *c)
{
	const int rc =
	    control_answer(&c->in.head, c->in.body.data, &c->peer, &c->out);

	wire_read_fini(&c->in);
	stack_wipe();
	c->until = deadline_in_ms(FRAME_MS);
	return rc == 0 && flush(c);
}

/* At most one frame.  False: the connection is over. */
static bool
take_in(struct control_client *c)
{
	unsigned char *p;
	size_t len;
	ssize_t n;
	int rc = 0;

	while (rc == 0) {
		p = wire_read_room(&c->in, &len);
		if (p == NULL)
			return false;
		n = kernel->recvfrom(c->sock.kfd, p, len, MSG_DONTWAIT, NULL,
		    NULL);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && errno == EAGAIN)
			return true;
		if (n <= 0)
			return false;
		if (c->in.got == 0)
			c->until = deadline_in_ms(FRAME_MS);
		rc = wire_read(&c->in, (size_t)n);
	}
	return rc == 1 && answer(c);
}

static void
serve_client(struct control_server *s, struct control_client *c, short revents)
{
	bool goes_on = is_mine(s, &c->sock);

	if (goes_on && revents != 0)
		goes_on = c->out.b.len > 0 ? flush(c) : take_in(c);
	if (!goes_on || deadline_left_ms(c->until) == 0)
		client_end(s, c);
}

/*
 * What poll waits for.  The kernel takes no more entries than the process may
 * have descriptors, which can be few, so there is one for each that is open.
 */
struct wait {
	struct pollfd fds[CONTROL_CLIENTS + 2];
	nfds_t n;
	short *wake, *listener,
	    *clients[CONTROL_CLIENTS]; /* revents, or NULL */
	int timeout;
};

static short *
wait_for(struct wait *w, int kfd, short events)
{
	struct pollfd *p = &w->fds[w->n];

	if (kfd == -1)
		return NULL;
	*p = (struct pollfd){ kfd, events, 0 };
	w->n++;
	return &p->revents;
}

static void
collect(const struct control_server *s, struct wait *w)
{
	struct deadline until = DEADLINE_NEVER;

	w->n = 0;
	w->wake = wait_for(w, s->wake, POLLIN);
	if (s->wake == -1)
		until = deadline_in_ms(LOOK_MS);
	w->listener = NULL;
	if (deadline_left_ms(s->pause) == 0)
		w->listener = wait_for(w, s->listener.kfd, POLLIN);
	else if (s->pause.at_ns < until.at_ns)
		until = s->pause;
	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		const struct control_client *c = &s->clients[i];

		w->clients[i] = wait_for(w, c->sock.kfd,
		    c->out.b.len > 0 ? POLLOUT : POLLIN);
		if (c->sock.kfd != -1 && c->until.at_ns < until.at_ns)
			until = c->until;
	}
	w->timeout = deadline_left_ms(until);
}

/* False: the listener is gone. */
static bool
serve(struct control_server *s, const struct wait *w)
{
	const bool listens = is_mine(s, &s->listener);

	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		if (w->clients[i] != NULL)
			serve_client(s, &s->clients[i], *w->clients[i]);
	}
	if (listens && w->listener != NULL && *w->listener != 0)
		take_client(s);
	return listens;
}

int
control_serve(struct control_server *s)
{
	bool listens = true;
	struct wait w;

	while (listens) {
		pthread_mutex_lock(&s->lock);
		collect(s, &w);
		pthread_mutex_unlock(&s->lock);
		if (atomic_load(&s->ending))
			return 1;
		if (kernel->poll(w.fds, w.n, w.timeout) == -1) {
			if (errno == EINTR) /* a debugger, say */
				continue;
			return -errno;
		}
		if (atomic_load(&s->ending))
			return 1;
		pthread_mutex_lock(&s->lock);
		/* The program's own signal, which may be pending for ever. */
		if (w.wake != NULL && *w.wake != 0)
			give_up(&s->wake);
		listens = serve(s, &w);
		pthread_mutex_unlock(&s->lock);
	}
	return 0;
}

void
control_serve_stop(struct control_server *s, pthread_t thread)
{
	atomic_store(&s->ending, true);
	if (!s->shared) {
		(void)pthread_kill(thread, WAKE_SIGNAL); /* or it looks */
		return;
	}
	pthread_mutex_lock(&s->lock);
	if (is_mine(s, &s->listener))
		(void)shutdown(s->listener.kfd, SHUT_RDWR); /* the same */
	pthread_mutex_unlock(&s->lock);
}

void
control_serve_end(struct control_server *s)
{
	for (size_t i = 0; i < CONTROL_CLIENTS; i++) {
		if (!s->shared)
			s->clients[i].sock.kfd = -1;
		client_end(s, &s->clients[i]);
	}
	if (s->shared)
		drop(s, &s->listener);
	s->listener.kfd = -1;
	s->wake = -1;
	s->dir = -1;
}
