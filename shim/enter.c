#include "shim/enter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>

#include "shim/adopt.h"
#include "shim/lookup.h"
#include "shim/pending.h"
#include "shim/real.h"
#include "shim/say.h"
#include "shim/settings.h"
#include "shim/slots.h"
#include "shim/start.h"

/*
 * How a socket becomes the core's: by its protocol number, by what the
 * environment asks for all of them, or by a rule for its connect or listen.
 */

static bool
is_secure_number(int proto)
{
	return (proto >= 256 && proto <= 259) || proto == 272 || proto == 273;
}

static bool
is_cores(int family, int type, int proto)
{
	type &= ~(SOCK_CLOEXEC | SOCK_NONBLOCK);
	if ((family != AF_INET && family != AF_INET6) ||
	    (type != SOCK_STREAM && type != SOCK_DGRAM))
		return false;
	return is_secure_number(proto) || settings_get()->adopt;
}

static bool
is_tcp(int proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_MPTCP;
}

static bool
may_have_rule(int family, int type, int proto)
{
	const struct settings *s = settings_get();

	return (s->connect.n > 0 || s->listen.n > 0) &&
	    (family == AF_INET || family == AF_INET6) &&
	    (type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)) == SOCK_STREAM &&
	    (proto == 0 || is_tcp(proto));
}

/*
 * A program that wants TCP over several paths does without where the kernel or
 * the peer cannot: so it gets TCP in its place, which the core knows, instead of
 * an error that it might take for the end.
 */
static int
socket_with_rules(int family, int type, int proto)
{
	return pending_socket(family, type,
	    proto == IPPROTO_MPTCP ? IPPROTO_TCP : proto);
}

EXPORT int
socket(int family, int type, int proto)
{
	const struct core *core;

	if (!is_cores(family, type, proto))
		return may_have_rule(family, type, proto)
		    ? socket_with_rules(family, type, proto)
		    : real.socket(family, type, proto);
	core = start_core();
	return core != NULL ? slots_new(core->socket(family, type, proto)) : -1;
}

/* May a rule be for it?  Those by number have been given their own settings. */
static bool
is_plain_tcp(int fd)
{
	int proto = 0;
	socklen_t len = sizeof(proto);
	int rc;

	rc = slots_has(fd)
	    ? slots_core->getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &proto, &len)
	    : real.getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &proto, &len);
	return rc == 0 && is_tcp(proto);
}

/* The name of rule could not be looked up. */
static int
refuse_unknown(const struct rule *rule, int why)
{
	char line[SAY_MAX];
	struct text text;

	text_init(&text, line, sizeof(line));
	text_add(&text, "connect: refused with ECONNREFUSED, for the rule ");
	text_add(&text, rule->host);
	text_add(&text, ":");
	text_add_number(&text, rule->port);
	text_add(&text,
	    " may be for this address: the name cannot be looked "
	    "up: ");
	text_add(&text, gai_strerror(why));
	say_text(CORE_LOG_WARN, &text);
	errno = ECONNREFUSED;
	return -1;
}

int
enter_connect_rule(int fd, const struct sockaddr *addr, socklen_t len,
    const struct rule **rule)
{
	const struct rules *rules = &settings_get()->connect;
	const int saved = errno;
	const struct rule *unknown = NULL;
	int why = 0;

	*rule = NULL;
	if (rules->n > 0 && is_plain_tcp(fd)) {
		*rule = rules_match(rules, addr, len);
		if (*rule == NULL) {
			unknown = lookup_rules(rules, addr, len, &why);
			*rule = rules_match(rules, addr, len);
		}
	}
	errno = saved;
	return *rule == NULL && unknown != NULL ? refuse_unknown(unknown, why)
	                                        : 0;
}

static const struct rule *
listen_rule(int fd)
{
	const struct rules *rules = &settings_get()->listen;
	const int saved = errno;
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	const struct rule *rule = NULL;

	if (rules->n > 0 && is_plain_tcp(fd) &&
	    real.getsockname(fd, (struct sockaddr *)&addr, &len) == 0)
		rule = rules_match(rules, (struct sockaddr *)&addr, len);
	errno = saved;
	return rule;
}

/* It is connected, or will be: a failure leaves open what it becomes. */
static int
connect_plain(int fd, const struct sockaddr *addr, socklen_t len)
{
	const int rc = real.connect(fd, addr, len);

	if (pending_may() &&
	    (rc == 0 || errno == EINPROGRESS || errno == EINTR ||
	        errno == EISCONN))
		pending_plain(fd);
	return rc;
}

/* What a rule has made the core's is never asked of the kernel after all. */
EXPORT int
connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	const struct rule *rule;

	if (pending_refuses(fd) ||
	    enter_connect_rule(fd, addr, len, &rule) == -1)
		return -1;
	if (rule == NULL && !slots_has(fd))
		return connect_plain(fd, addr, len);
	if (rule != NULL && adopt(fd, rule, false) == -1)
		return -1;
	return slots_core->connect(fd, addr, len);
}

EXPORT int
listen(int fd, int backlog)
{
	const struct rule *rule = listen_rule(fd);
	int rc;

	if (rule == NULL && !slots_has(fd)) {
		rc = real.listen(fd, backlog);
		if (rc == 0)
			pending_plain(fd);
		return rc;
	}
	if (rule != NULL && adopt(fd, rule, true) == -1)
		return -1;
	return slots_core->listen(fd, backlog);
}

/* Of a listener, as listen had it. */
static int
backlog_of(int fd)
{
	struct tcp_info info;
	socklen_t len = sizeof(info);

	/* The kernel puts it there. */
	if (real.getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) == -1 ||
	    info.tcpi_sacked == 0)
		return SOMAXCONN;
	return (int)info.tcpi_sacked;
}

/*
 * A listener that another program has left to this one, or another process,
 * since, of what was forked: of it no listen was seen, and it has no keys.
 * 1: it is the core's now; 0: it stays plain; -1 and errno.
 */
static int
enter_listener(int fd)
{
	const int saved = errno;
	int listens = 0;
	socklen_t len = sizeof(listens);
	const struct rule *rule;

	if (settings_get()->listen.n == 0 || pending_is_listening_plain(fd))
		return 0;
	if (real.getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) ==
	        -1 ||
	    !listens) {
		errno = saved;
		return 0;
	}
	rule = listen_rule(fd);
	if (rule == NULL && slots_has(fd))
		return 1; /* by another thread, meanwhile */
	if (rule == NULL) {
		pending_listens_plain(fd);
		return 0;
	}
	if (adopt(fd, rule, true) == -1 ||
	    slots_core->listen(fd, backlog_of(fd)) == -1)
		return -1;
	errno = saved;
	return 1;
}

EXPORT int
accept(int fd, struct sockaddr *addr, socklen_t *len)
{
	const int cores = slots_has(fd) ? 1 : enter_listener(fd);

	if (cores == -1)
		return -1;
	return cores ? slots_new(slots_core->accept(fd, addr, len))
	             : real.accept(fd, addr, len);
}

EXPORT int
accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
	const int cores = slots_has(fd) ? 1 : enter_listener(fd);

	if (cores == -1)
		return -1;
	return cores ? slots_new(slots_core->accept4(fd, addr, len, flags))
	             : real.accept4(fd, addr, len, flags);
}

/* Libc's other name of it. */
EXPORT int __connect(int fd, const struct sockaddr *addr, socklen_t len)
    __attribute__((alias("connect")));
