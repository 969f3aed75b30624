#include "sock/tls_sock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ssl.h>

#include "base/config.h"
#include "base/err.h"
#include "base/kernel.h"
#include "base/limits.h"
#include "base/log.h"
#include "sock/kinds.h"
#include "sock/native.h"

static struct tls_sock *
alloc(int protocol)
{
	struct tls_sock *t;

	if (!limit_take(LIMIT_TLS_CONTEXTS, "a secure socket"))
		return NULL;
	t = sock_alloc(sizeof(*t));
	if (t == NULL) {
		limit_give(LIMIT_TLS_CONTEXTS);
		return NULL;
	}
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->settled, NULL);
	tls_settings_init(&t->settings);
	t->phase = TLS_PHASE_NEW;
	t->protocol = protocol;
	return t;
}

static void
release(struct tls_sock *t)
{
	tls_settings_fini(&t->settings);
	pthread_cond_destroy(&t->settled);
	pthread_mutex_destroy(&t->lock);
	limit_give(LIMIT_TLS_CONTEXTS);
	sock_release(&t->native.base, sizeof(*t));
}

int
tls_sock_new(const struct zsock_ops *ops, int kfd, int family, int protocol,
    struct tls_sock **out)
{
	struct tls_sock *t = alloc(protocol);
	int rc;

	if (t == NULL) {
		native_close_kfd(kfd);
		return -ENOMEM;
	}
	rc = native_init(&t->native, ops, kfd, family, SOCK_STREAM);
	if (rc < 0)
		release(t);
	else
		*out = t;
	return rc;
}

int
tls_sock_new_child(const struct zsock_ops *ops, int kfd,
    const struct tls_sock *parent, struct tls_sock **out)
{
	struct tls_sock *t = alloc(parent->protocol);
	int rc;

	if (t == NULL) {
		native_drop_child(kfd);
		return -ENOMEM;
	}
	rc = native_init_child(&t->native, ops, kfd, &parent->native);
	if (rc < 0)
		release(t);
	else
		*out = t;
	return rc;
}

void
tls_sock_destroy(struct zsock *s)
{
	struct tls_sock *t = (struct tls_sock *)s;

	tls_engine_free(t->engine);
	free(t->reason);
	native_fini(&t->native);
	release(t);
}

int
tls_sock_usable_locked(struct tls_sock *t, const struct tls_patience *p)
{
	while (t->phase == TLS_PHASE_CONNECTING && !p->dontwait)
		pthread_cond_wait(&t->settled, &t->lock);
	switch (t->phase) {
	case TLS_PHASE_OPEN:
		return 0;
	case TLS_PHASE_FAILED:
		return t->error;
	case TLS_PHASE_CONNECTING:
		return -EAGAIN;
	default:
		return -ENOTCONN;
	}
}

void
tls_sock_name_peer_locked(struct tls_sock *t, const struct sockaddr *addr,
    socklen_t len)
{
	union {
		struct sockaddr_storage any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} a = { 0 };
	char host[INET6_ADDRSTRLEN];

	memcpy(&a, addr, len < sizeof(a) ? len : sizeof(a));
	if (a.any.ss_family == AF_INET6)
		snprintf(t->peer, sizeof(t->peer), "[%s]:%d",
		    inet_ntop(AF_INET6, &a.in6.sin6_addr, host, sizeof(host)),
		    ntohs(a.in6.sin6_port));
	else
		snprintf(t->peer, sizeof(t->peer), "%s:%d",
		    inet_ntop(AF_INET, &a.in.sin_addr, host, sizeof(host)),
		    ntohs(a.in.sin_port));
}

/* A server's: accept need not have asked for it. */
static void
find_peer_locked(struct tls_sock *t)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);

	if (t->peer[0] != '\0')
		return;
	if (kernel->getpeername(t->native.base.kfd, (struct sockaddr *)&addr,
	        &len) == -1)
		snprintf(t->peer, sizeof(t->peer), "a client that is gone");
	else
		tls_sock_name_peer_locked(t, (struct sockaddr *)&addr, len);
}

void
tls_sock_reason_locked(struct tls_sock *t, const struct verdict *v)
{
	free(t->reason);
	t->reason = strdup(v->text); /* NULL is no reason: the log has it */
	log_line(LOG_ERROR, "%s", v->text);
}

void
tls_sock_tell_locked(struct tls_sock *t)
{
	struct verdict v;

	if (t->told || tls_engine_error(t->engine) == 0)
		return;
	t->told = true;
	tls_engine_explain(t->engine, t->peer, &v);
	tls_sock_reason_locked(t, &v);
}

/* The other handshakes are worth a line, too, to whoever asks for it. */
static void
tell_success_locked(const struct tls_sock *t)
{
	struct verdict v;

	if (!log_wants(LOG_INFO))
		return;
	tls_engine_summary(t->engine, t->peer, &v);
	log_line(LOG_INFO, "%s", v.text);
}

int
tls_sock_flush_locked(struct tls_sock *t)
{
	const void *data;
	size_t len;
	ssize_t n;

	while ((len = tls_engine_output(t->engine, &data)) > 0) {
		n = kernel->sendto(t->native.base.kfd, data, len,
		    MSG_DONTWAIT | MSG_NOSIGNAL, NULL, 0);
		if (n == -1)
			return -errno;
		tls_engine_output_done(t->engine, (size_t)n);
	}
	return 0;
}

int
tls_sock_fill_locked(struct tls_sock *t)
{
	void *room;
	size_t len;
	ssize_t n;

	len = tls_engine_input(t->engine, &room);
	if (len == 0)
		return 0; /* full: the engine has enough to go on with */
	n = kernel->recvfrom(t->native.base.kfd, room, len, MSG_DONTWAIT, NULL,
	    NULL);
	if (n == -1)
		return -errno;
	if (n == 0)
		tls_engine_input_end(t->engine);
	else
		tls_engine_input_done(t->engine, (size_t)n);
	return 0;
}

/* How long a blocking send may wait, in milliseconds; -1 for ever. */
static int
send_timeout_ms(int kfd)
{
	struct timeval tv = { 0 };
	socklen_t len = sizeof(tv);

	if (kernel->getsockopt(kfd, SOL_SOCKET, SO_SNDTIMEO, &tv, &len) == -1 ||
	    (tv.tv_sec == 0 && tv.tv_usec == 0))
		return -1;
	return (int)(tv.tv_sec * 1000 + (tv.tv_usec + 999) / 1000);
}

static int
wait_poll(int kfd, short want, int timeout_ms)
{
	struct pollfd p = { .fd = kfd, .events = want };
	const int n = kernel->poll(&p, 1, timeout_ms);

	if (n == -1)
		return -errno;
	return n == 0 ? -EAGAIN : 0;
}

/* A handshake is not interrupted by signals; its deadline still holds. */
static int
wait_handshake(int kfd, short want, struct deadline until)
{
	int rc;

	do {
		rc = wait_poll(kfd, want, deadline_left_ms(until));
	} while (rc == -EINTR);
	return rc == -EAGAIN ? -ETIMEDOUT : rc;
}

/*
 * Waiting for input alone is a blocking recv, so that O_NONBLOCK, SO_RCVTIMEO
 * and SA_RESTART mean what they mean to the kernel.
 */
static int
wait_data(int kfd, short want)
{
	char byte;
	int rc;

	if (want == POLLIN) {
		rc = (int)err_from_kernel(
		    kernel->recvfrom(kfd, &byte, 1, MSG_PEEK, NULL, NULL));
		return rc < 0 ? rc : 0;
	}
	rc = native_nonblock(kfd);
	if (rc != 0)
		return rc < 0 ? rc : -EAGAIN;
	return wait_poll(kfd, want, send_timeout_ms(kfd));
}

/* The one place where a secure socket sleeps; the lock is not held there. */
static int
wait_kernel_locked(struct tls_sock *t, short want, const struct tls_patience *p)
{
	int rc;

	if (p->dontwait)
		return -EAGAIN;
	pthread_mutex_unlock(&t->lock);
	if (p->handshake)
		rc = wait_handshake(t->native.base.kfd, want, p->until);
	else
		rc = wait_data(t->native.base.kfd, want);
	pthread_mutex_lock(&t->lock);
	return rc;
}

/*
 * Nothing can be sent any more.  There may still be data to read, or an alert
 * that says why; if not, the error counts.
 */
static int
output_broken_locked(struct tls_sock *t, ssize_t rc, int err)
{
	if (tls_sock_fill_locked(t) != 0)
		return err;
	if (rc == -EAGAIN)
		return 0;
	(void)tls_engine_readable(t->engine); /* it notices an alert */
	return tls_engine_error(t->engine) != 0 ? 0 : err;
}

int
tls_sock_step_locked(struct tls_sock *t, ssize_t rc,
    const struct tls_patience *p)
{
	const bool final = rc != -EAGAIN && rc != -ENOBUFS;
	short want = 0;
	int err;

	err = tls_sock_flush_locked(t); /* an alert of a failed call, too */
	if (final)
		return 1;
	if (err == -EAGAIN)
		want = POLLOUT;
	else if (err < 0)
		return output_broken_locked(t, rc, err);
	if (rc == -EAGAIN) {
		err = tls_sock_fill_locked(t);
		if (err != -EAGAIN)
			return err;
		want |= POLLIN;
	}
	return want != 0 ? wait_kernel_locked(t, want, p) : 0;
}

int
tls_sock_drain_locked(struct tls_sock *t, const struct tls_patience *p)
{
	int rc;

	while ((rc = tls_sock_flush_locked(t)) == -EAGAIN) {
		rc = wait_kernel_locked(t, POLLOUT, p);
		if (rc < 0)
			break;
	}
	return rc;
}

/* The lowest version that the protocol number asks for; 0 is no wish. */
static int
min_version(int protocol)
{
	switch (protocol) {
	case KINDS_TLS_1_3:
		return TLS1_3_VERSION;
	case KINDS_TLS_1_2:
		return TLS1_2_VERSION;
	default:
		return 0;
	}
}

static int
make_engine_locked(struct tls_sock *t, enum tls_role role)
{
	struct tls_context *ctx;
	struct verdict why;
	int rc;

	rc = tls_context_get(t->settings.tags, t->settings.ntags, &ctx, &why);
	if (rc == 0) {
		rc = tls_engine_new(ctx, &t->settings, role,
		    min_version(t->protocol), &t->engine, &why);
		tls_context_put(ctx);
	}
	if (rc < 0)
		tls_sock_reason_locked(t, &why);
	return rc;
}

/*
 * Small flights that wait for each other meet Nagle's algorithm and delayed
 * acknowledgements, 40 ms at a time; so they leave at once, until the
 * program's own data flow.
 */
static void
hurry_locked(struct tls_sock *t)
{
	const int on = 1;
	socklen_t len = sizeof(t->nodelay);

	if (kernel->getsockopt(t->native.base.kfd, IPPROTO_TCP, TCP_NODELAY,
	        &t->nodelay, &len) == -1)
		return; /* slower, not wrong */
	if (kernel->setsockopt(t->native.base.kfd, IPPROTO_TCP, TCP_NODELAY,
	        &on, sizeof(on)) == 0)
		t->quick = true;
}

/* Why the handshake could not go on, if the engine does not know. */
static void
note_failure_locked(struct tls_sock *t, int rc, const struct tls_patience *p)
{
	if (rc == -ETIMEDOUT)
		tls_engine_fail(t->engine, VERDICT_DEADLINE, ETIMEDOUT, 0,
		    p->limit_ms);
	else
		tls_engine_fail(t->engine, VERDICT_TRANSPORT, ECONNABORTED, -rc,
		    0);
	tls_sock_tell_locked(t);
}

static int
run_handshake_locked(struct tls_sock *t)
{
	const int limit_ms =
	    limit_get(LIMIT_HANDSHAKE_MS, config_get()->handshake_ms);
	const struct tls_patience p = { .handshake = true,
		.until = deadline_in_ms(limit_ms),
		.limit_ms = limit_ms };
	int rc, go;

	do {
		rc = tls_engine_handshake(t->engine);
		go = tls_sock_step_locked(t, rc, &p);
	} while (go == 0);
	if (go > 0 && rc == 0)
		rc = tls_sock_drain_locked(t, &p);
	else if (go < 0)
		rc = go;
	if (rc == 0)
		return 0;
	note_failure_locked(t, rc, &p);
	return tls_engine_error(t->engine);
}

int
tls_sock_handshake_locked(struct tls_sock *t, enum tls_role role)
{
	int rc;

	find_peer_locked(t);
	rc = make_engine_locked(t, role);
	if (rc == 0) {
		hurry_locked(t);
		rc = run_handshake_locked(t);
	}
	if (rc == -ETIMEDOUT && native_nonblock(t->native.base.kfd) > 0)
		rc = -EAGAIN; /* as the device says it on such sockets */
	if (rc == 0)
		tell_success_locked(t);
	t->phase = rc == 0 ? TLS_PHASE_OPEN : TLS_PHASE_FAILED;
	t->error = rc;
	pthread_cond_broadcast(&t->settled);
	return rc;
}
