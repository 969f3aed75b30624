#include <errno.h>
#include <string.h>

#include "sock/call.h"
#include "sock/fdtable.h"
#include "sock/tls_handshake.h"
#include "sock/tls_poll.h"
#include "sock/tls_sock.h"

/*
 * What a secure socket has to tell: its lock, and a reference in *s.  NULL and
 * *rc if it is none, or its handshake is not complete.
 */
static struct tls_sock *
enter(int sock, struct zsock **s, int *rc)
{
	struct tls_sock *t;

	*s = fdtable_get(sock);
	*rc = -EBADF;
	if (*s == NULL)
		return NULL;
	t = tls_sock_from(*s);
	*rc = -EOPNOTSUPP;
	if (t != NULL) {
		pthread_mutex_lock(&t->lock);
		if (t->phase == TLS_PHASE_OPEN)
			return t;
		pthread_mutex_unlock(&t->lock);
		*rc = -ENOTCONN;
	}
	sock_put(*s);
	return NULL;
}

static void
leave(struct tls_sock *t, struct zsock *s)
{
	pthread_mutex_unlock(&t->lock);
	sock_put(s);
}

int
call_tls_version(int sock, const char **name)
{
	struct zsock *s;
	int rc;
	struct tls_sock *t = enter(sock, &s, &rc);

	if (t == NULL)
		return rc;
	*name = tls_engine_version(t->engine);
	leave(t, s);
	return 0;
}

int
call_tls_suite(int sock, const char **name)
{
	struct zsock *s;
	int rc;
	struct tls_sock *t = enter(sock, &s, &rc);

	if (t == NULL)
		return rc;
	*name = tls_engine_suite_name(t->engine);
	leave(t, s);
	return 0;
}

/* As much of the text as there is room for, and a NUL. */
static void
copy_text(char *buf, size_t room, const char *text, size_t n)
{
	if (room == 0)
		return;
	if (n >= room)
		n = room - 1;
	if (n > 0)
		memcpy(buf, text, n);
	buf[n] = '\0';
}

ssize_t
call_tls_protocol(int sock, char *buf, size_t len)
{
	struct zsock *s;
	const char *name;
	size_t n;
	int rc;
	struct tls_sock *t = enter(sock, &s, &rc);

	if (t == NULL)
		return rc;
	n = tls_engine_protocol(t->engine, &name);
	copy_text(buf, len, name, n);
	leave(t, s);
	return (ssize_t)n;
}

/*
 * Data that the kernel has for it are taken in first, and as for recv a byte
 * of the kernel's says so until they are read.
 */
int
call_readable(int sock)
{
	struct zsock *s = fdtable_get(sock);
	struct tls_sock *t;
	int rc = 0;

	if (s == NULL)
		return -EBADF;
	t = tls_sock_from(s);
	if (t == NULL || t->native.type != SOCK_STREAM) {
		sock_put(s);
		return -EOPNOTSUPP;
	}
	pthread_mutex_lock(&t->lock);
	(void)tls_handshake_go_on_locked(t);
	if (t->phase == TLS_PHASE_OPEN) {
		tls_poll_input_locked(t);
		if (tls_engine_readable(t->engine))
			rc = (int)tls_engine_left(t->engine);
	}
	tls_sock_unlock(t);
	sock_put(s);
	return rc;
}

int
call_tls_resumed(int sock)
{
	struct zsock *s;
	int rc;
	struct tls_sock *t = enter(sock, &s, &rc);

	if (t == NULL)
		return rc;
	rc = tls_engine_resumed(t->engine);
	leave(t, s);
	return rc;
}

ssize_t
call_error_text(int sock, char *buf, size_t len)
{
	struct zsock *s = fdtable_get(sock);
	struct tls_sock *t;
	const char *text = "";
	size_t n = 0;

	if (s == NULL)
		return -EBADF;
	t = tls_sock_from(s);
	if (t != NULL) {
		pthread_mutex_lock(&t->lock);
		if (t->reason != NULL)
			text = t->reason;
	}
	n = strlen(text);
	copy_text(buf, len, text, n);
	if (t != NULL)
		pthread_mutex_unlock(&t->lock);
	sock_put(s);
	return (ssize_t)n;
}
