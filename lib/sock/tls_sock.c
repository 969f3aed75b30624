#include "sock/tls_sock.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ssl.h>

#include "base/address.h"
#include "base/config.h"
#include "base/err.h"
#include "base/kernel.h"
#include "base/limits.h"
#include "base/log.h"
#include "cred/load.h"
#include "sock/fdtable.h"
#include "sock/kinds.h"
#include "sock/native.h"
#include "sock/tls_hold.h"
#include "sock/tls_wait.h"

/* What waits on it counts by the clock that deadlines are on. */
static void
init_cond(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

void
tls_sock_init_conds(struct tls_sock *t)
{
	init_cond(&t->settled);
	init_cond(&t->pulled);
}

static void
give_contexts(void)
{
	limit_give(LIMIT_TLS_CONTEXTS);
	limit_give(LIMIT_TLS_SESSION_CONTEXTS);
}

/* A device's socket comes with a session's memory. */
static bool
take_contexts(void)
{
	if (!limit_take(LIMIT_TLS_CONTEXTS, "a secure socket"))
		return false;
	if (limit_take(LIMIT_TLS_SESSION_CONTEXTS, "a secure socket"))
		return true;
	limit_give(LIMIT_TLS_CONTEXTS);
	return false;
}

/* Takes what the target's limits count; 0, -ENFILE or -ENOMEM. */
static int
alloc(size_t size, int protocol, struct tls_sock **out)
{
	struct tls_sock *t;
	int inner, rc;

	rc = fdtable_reserve_inner(&inner);
	if (rc < 0)
		return rc;
	if (!take_contexts()) {
		fdtable_cancel(inner);
		return -ENOMEM;
	}
	t = sock_alloc(size);
	if (t == NULL) {
		give_contexts();
		fdtable_cancel(inner);
		return -ENOMEM;
	}
	t->inner = inner;
	t->size = size;
	pthread_mutex_init(&t->lock, NULL);
	tls_sock_init_conds(t);
	tls_settings_init(&t->settings);
	t->phase = TLS_PHASE_NEW;
	t->protocol = protocol;
	t->lowat = 1;
	atomic_fetch_add(&sock_shareable, 1);
	t->used = atomic_load(&sock_forks);
	*out = t;
	return 0;
}

static void
release(struct tls_sock *t)
{
	atomic_fetch_sub(&sock_shareable, 1);
	tls_settings_fini(&t->settings);
	pthread_cond_destroy(&t->settled);
	pthread_cond_destroy(&t->pulled);
	pthread_mutex_destroy(&t->lock);
	give_contexts();
	fdtable_cancel(t->inner);
	sock_release(&t->native.base, t->size);
}

int
tls_sock_new(const struct zsock_ops *ops, size_t size, int kfd, int family,
    int protocol, struct tls_sock **out)
{
	const int type = protocol >= KINDS_DTLS_1_0 ? SOCK_DGRAM : SOCK_STREAM;
	struct tls_sock *t;
	int rc;

	load_ready();
	rc = alloc(size, protocol, &t);
	if (rc < 0) {
		native_close_kfd(kfd);
		return rc;
	}
	rc = native_init(&t->native, ops, kfd, family, type);
	if (rc < 0) {
		release(t);
		return rc;
	}
	t->holds = tls_hold_wanted();
	*out = t;
	return 0;
}

int
tls_sock_new_child(const struct zsock_ops *ops, int kfd,
    const struct tls_sock *parent, struct tls_sock **out)
{
	struct tls_sock *t;
	int rc;

	rc = alloc(parent->size, parent->protocol, &t);
	if (rc < 0) {
		native_drop_child(kfd);
		return rc;
	}
	t->lowat = parent->lowat;
	rc = native_init_child(&t->native, ops, kfd, &parent->native);
	if (rc < 0) {
		release(t);
		return rc;
	}
	t->holds = tls_hold_wanted();
	*out = t;
	return 0;
}

struct tls_sock *
tls_sock_from(struct zsock *s)
{
	const struct zsock_ops *ops = s->ops;

	return ops->secure ? (struct tls_sock *)s : NULL;
}

void
tls_sock_destroy(struct zsock *s)
{
	struct tls_sock *t = (struct tls_sock *)s;

	tls_engine_free(t->engine);
	free(t->reason);
	free(t->unsaid);
	native_fini(&t->native);
	release(t);
}

/* For a thread that is cancelled; a handler's receive within makes it wrong. */
static _Thread_local const struct tls_sock *receiving
    __attribute__((tls_model("initial-exec")));

void
tls_sock_receiving_locked(struct tls_sock *t, bool begins)
{
	t->receivers += begins ? 1 : -1;
	receiving = begins ? t : NULL;
}

void
tls_sock_forsake(struct tls_sock *t)
{
	pthread_mutex_lock(&t->lock);
	if (t->pulling && pthread_equal(t->puller, pthread_self())) {
		t->pulling = false;
		pthread_cond_broadcast(&t->pulled);
	}
	if (receiving == t)
		tls_sock_receiving_locked(t, false);
	if (t->phase == TLS_PHASE_CONNECTING &&
	    pthread_equal(t->owner, pthread_self())) {
		t->phase = TLS_PHASE_FAILED;
		t->error = -ECANCELED;
		pthread_cond_broadcast(&t->settled);
	}
	tls_sock_unlock(t);
}

void
tls_sock_unlock(struct tls_sock *t)
{
	char *line = t->unsaid;
	const enum log_level loudness = t->loudness;

	t->unsaid = NULL;
	pthread_mutex_unlock(&t->lock);
	if (line == NULL)
		return;
	log_line(loudness, "%s", line);
	free(line);
}

void
tls_sock_name_peer_locked(struct tls_sock *t, const struct sockaddr *addr,
    socklen_t len)
{
	struct sockaddr_storage a = { 0 };

	memcpy(&a, addr, len < sizeof(a) ? len : sizeof(a));
	address_text((struct sockaddr *)&a, t->peer);
}

void
tls_sock_find_peer_locked(struct tls_sock *t)
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

/* Writing may take its time, so it is done without the lock if that can be. */
void
tls_sock_say_locked(struct tls_sock *t, enum log_level level,
    const struct verdict *v)
{
	if (!log_wants(level))
		return;
	if (t->unsaid == NULL) {
		t->unsaid = strdup(v->text);
		t->loudness = level;
	}
	if (t->unsaid == NULL || strcmp(t->unsaid, v->text) != 0)
		log_line(level, "%s", v->text);
}

void
tls_sock_reason_locked(struct tls_sock *t, const struct verdict *v)
{
	free(t->reason);
	t->reason = strdup(v->text); /* NULL is no reason: the log has it */
	tls_sock_say_locked(t, LOG_ERROR, v);
}

void
tls_sock_hear_out_locked(struct tls_sock *t)
{
	if (!tls_engine_readable(t->engine) && !t->pulling) {
		(void)tls_wait_fill_locked(t, 0);
		(void)tls_engine_readable(t->engine); /* it notices an alert */
	}
}

void
tls_sock_tell_locked(struct tls_sock *t)
{
	struct verdict v;

	if (t->told || !tls_engine_failed(t->engine))
		return;
	t->told = true;
	tls_engine_explain(t->engine, t->peer, &v);
	tls_sock_reason_locked(t, &v);
}

void
tls_sock_tell_success_locked(struct tls_sock *t)
{
	struct verdict v;

	if (!log_wants(LOG_INFO))
		return;
	tls_engine_summary(t->engine, t->peer, &v);
	tls_sock_say_locked(t, LOG_INFO, &v);
}
