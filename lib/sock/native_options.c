#include "sock/native.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include "base/err.h"
#include "base/kernel.h"
#include "base/profile.h"
#include "sock/native_ip.h"
#include "sock/option_numbers.h"

/* The largest SO_RCVBUF and SO_SNDBUF, IPV6_ADDR_PREFERENCES likewise. */
#define HALFWORD_MAX 65535

#define SECOND_US 1000000

static struct native *
self(struct zsock *s)
{
	return (struct native *)s;
}

/* The documentation has it that nothing comes of it. */
static int
set_nothing(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	(void)s;
	(void)o;
	(void)val;
	(void)len;
	return 0;
}

/*
 * On a stream bind, listen and connect decide what the kernel is told, for its
 * SO_REUSEADDR is not the device's.
 */
static int
set_reuse(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	int wish, rc = 0;

	memcpy(&wish, val, sizeof(wish));
	if (self(s)->type == SOCK_DGRAM)
		rc = native_put_bool(s, o, val, len);
	if (rc == 0)
		atomic_store(&self(s)->reuse, wish != 0);
	return rc;
}

static int
answer(int value, void *val, socklen_t *len)
{
	memcpy(val, &value, sizeof(value));
	*len = sizeof(value);
	return 0;
}

static int
get_reuse(struct zsock *s, const struct option *o, void *val, socklen_t *len)
{
	(void)o;
	return answer(atomic_load(&self(s)->reuse), val, len);
}

/*
 * The error that ended a stream; on the device reading does not clear it.  A
 * datagram socket has an ICMP message there, which the device never tells.
 */
static int
get_error(struct zsock *s, const struct option *o, void *val, socklen_t *len)
{
	int rc;

	if (self(s)->type != SOCK_DGRAM)
		return answer(native_error(self(s)), val, len);
	rc = native_get(s, o, val, len); /* which clears it */
	return rc < 0 || quirk(QUIRK_DGRAM_NO_ICMP) == 0 ? rc
	                                                 : answer(0, val, len);
}

/*
 * The kernel doubles what it is told, within bounds of its own; the program
 * reads what it has said.  0 is the default on the device, and none to the
 * kernel.
 */
static int
set_buffer(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	int size, rc = 0;

	memcpy(&size, val, sizeof(size));
	if (size < 0 || size > HALFWORD_MAX)
		return -EINVAL;
	if (size > 0)
		rc = native_put(s, o, val, len);
	if (rc == 0)
		atomic_store(o->name == SO_SNDBUF ? &self(s)->sndbuf
		                                  : &self(s)->rcvbuf,
		    size);
	return rc;
}

static int
get_buffer(struct zsock *s, const struct option *o, void *val, socklen_t *len)
{
	return answer(atomic_load(o->name == SO_SNDBUF ? &self(s)->sndbuf
	                                               : &self(s)->rcvbuf),
	    val, len);
}

/* 0 or 1, and nothing else. */
static int
set_flag(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	int flag;

	memcpy(&flag, val, sizeof(flag));
	if (flag != 0 && flag != 1)
		return -EINVAL;
	return native_put(s, o, val, len);
}

/* The older device looks at neither pointer nor protocol. */
static int
set_crash(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	(void)s;
	(void)o;
	(void)val;
	(void)len;
	profile_hazard("setsockopt: TCP_NODELAY on a datagram socket: "
	               "ENOPROTOOPT",
	    "crashes");
	return -ENOPROTOOPT;
}

static int
get_crash(struct zsock *s, const struct option *o, void *val, socklen_t *len)
{
	(void)s;
	(void)o;
	(void)val;
	(void)len;
	profile_hazard("getsockopt: TCP_NODELAY on a datagram socket: "
	               "ENOPROTOOPT",
	    "crashes");
	return -ENOPROTOOPT;
}

/* No bytes at all are enough for the older device, which reads one. */
static bool
is_empty(const struct option *o, socklen_t len)
{
	if (len > 0)
		return false;
	profile_hazard(o->name == SO_PRIORITY
	        ? "setsockopt: SO_PRIORITY with length 0: unchanged"
	        : "setsockopt: SO_TXTIME with length 0: unchanged",
	    "reads a byte all the same");
	return true;
}

/*
 * Kept for the program; the kernel gets it too, as a hint to its queues, if it
 * takes it from this process.
 */
static int
set_priority(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	int priority;

	if (is_empty(o, len))
		return 0;
	priority = *(const uint8_t *)val;
	atomic_store(&self(s)->plain, false);
	/* Above 6 it needs a privilege, and does no more than below. */
	(void)native_set_int(s->kfd, SOL_SOCKET, SO_PRIORITY, priority);
	atomic_store(&self(s)->priority, priority);
	return 0;
}

static int
get_priority(struct zsock *s, const struct option *o, void *val, socklen_t *len)
{
	(void)o;
	*(uint8_t *)val = (uint8_t)atomic_load(&self(s)->priority);
	*len = sizeof(uint8_t);
	return 0;
}

/* One byte or an int, whichever the caller has. */
static int
take_number(const void *val, socklen_t len, int *number)
{
	if (len == sizeof(uint8_t))
		*number = *(const uint8_t *)val;
	else if (len == sizeof(*number))
		memcpy(number, val, sizeof(*number));
	else
		return -EINVAL;
	return 0;
}

static int
give_number(int number, void *val, socklen_t *len)
{
	if (*len >= sizeof(number))
		return answer(number, val, len);
	*(uint8_t *)val = (uint8_t)number;
	*len = sizeof(uint8_t);
	return 0;
}

/* Kept alone: there is no queue here that sends at a time. */
static int
set_txtime(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	int on, rc;

	if (is_empty(o, len))
		return 0;
	rc = take_number(val, len, &on);
	if (rc == 0)
		atomic_store(&self(s)->txtime, on != 0);
	return rc;
}

static int
get_txtime(struct zsock *s, const struct option *o, void *val, socklen_t *len)
{
	if (o->unchecked) /* the older device writes a bool, whatever *len is */
		*len = sizeof(uint8_t);
	return give_number(atomic_load(&self(s)->txtime), val, len);
}

/* Kept alone: no interface here has a clock to read. */
static int
set_timestamping(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	int flags, rc;

	(void)o;
	rc = take_number(val, len, &flags);
	if (rc == 0)
		atomic_store(&self(s)->timestamping, flags & UINT8_MAX);
	return rc;
}

static int
get_timestamping(struct zsock *s, const struct option *o, void *val,
    socklen_t *len)
{
	(void)o;
	return give_number(atomic_load(&self(s)->timestamping), val, len);
}

static int
put_timeout(struct native *n, int name, long long us)
{
	const struct timeval tv = { .tv_sec = us / SECOND_US,
		.tv_usec = us % SECOND_US };

	atomic_store(&n->plain, false);
	return (int)err_from_kernel(
	    kernel->setsockopt(n->base.kfd, SOL_SOCKET, name, &tv, sizeof(tv)));
}

/*
 * In microseconds, for ever as 0.  The device does not look at either member
 * alone; what is negative altogether is ages there.
 */
static long long
take_timeout(const void *val)
{
	struct timeval tv;
	uint64_t us;

	memcpy(&tv, val, sizeof(tv));
	us = (uint64_t)tv.tv_sec * SECOND_US + (uint64_t)tv.tv_usec;
	return us > INT64_MAX ? 0 : (long long)us;
}

static int
set_recv_timeout(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	const long long us = take_timeout(val);
	int rc;

	(void)len;
	rc = put_timeout(self(s), o->name, us);
	if (rc == 0)
		atomic_store(&self(s)->recv_timeout, us != 0);
	return rc;
}

int
native_limit_sends(struct native *n)
{
	const long long us = atomic_load(&n->send_timeout);

	if (us != 0)
		return put_timeout(n, SO_SNDTIMEO, us);
	return native_set_timeout(n->base.kfd, SO_SNDTIMEO,
	    n->type == SOCK_STREAM ? native_send_ms() : 0);
}

static int
set_send_timeout(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	struct native *n = self(s);

	(void)o;
	(void)len;
	atomic_store(&n->send_timeout, take_timeout(val));
	return native_limit_sends(n);
}

static int
set_tos(struct zsock *s, const struct option *o, const void *val, socklen_t len)
{
	int tos;

	memcpy(&tos, val, sizeof(tos));
	if (tos < 0 || tos > UINT8_MAX)
		return -EINVAL;
	return native_put(s, o, val, len);
}

/* The kernel adds its defaults to what it is told; the device does not. */
static int
set_preferences(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	int flags, rc;

	memcpy(&flags, val, sizeof(flags));
	if (flags < 0 || flags > HALFWORD_MAX)
		return -EINVAL;
	rc = native_put(s, o, val, len);
	if (rc == 0)
		atomic_store(&self(s)->preferences, flags);
	return rc;
}

static int
get_preferences(struct zsock *s, const struct option *o, void *val,
    socklen_t *len)
{
	(void)o;
	return answer(atomic_load(&self(s)->preferences), val, len);
}

/*
 * The proxy's address; Zephyr's own, shorter structures are taken too.  A
 * connect under way may look at the one before, so that stays until the socket
 * goes.
 */
static int
set_proxy(struct zsock *s, const struct option *o, const void *val,
    socklen_t len)
{
	struct native *n = self(s);
	struct native_proxy *p;
	sa_family_t family;

	(void)o;
	memcpy(&family, val, sizeof(family));
	if (family != atomic_load(&n->family) ||
	    len < (family == AF_INET6 ? NATIVE_IN6_LEAST : NATIVE_IN_LEAST))
		return -EINVAL;
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return -ENOMEM;
	p->len = family == AF_INET6 ? sizeof(p->addr.in6) : sizeof(p->addr.in);
	memcpy(&p->addr, val, len < p->len ? len : p->len);
	p->before = atomic_load(&n->proxy);
	while (!atomic_compare_exchange_weak(&n->proxy, &p->before, p))
		continue;
	return 0;
}

void
native_free_proxies(struct native *n)
{
	struct native_proxy *p = atomic_load(&n->proxy);

	while (p != NULL) {
		struct native_proxy *before = p->before;

		free(p);
		p = before;
	}
}

/* Names that only Zephyr has. */
#define SO_SOCKS5 OPTION_SO_SOCKS5
#define IP_DONTFRAG OPTION_IP_DONTFRAG

/* Columns of native_options.def. */
#define NONE 0
#define GET OPTION_GET
#define SET OPTION_SET
#define GET_SET (OPTION_GET | OPTION_SET)
#define IGNORED OPTION_SET
#define REFUSED (OPTION_GET | OPTION_SET)

#define EXACTLY(type) .min = sizeof(type), .max = sizeof(type), .exact = true
#define ROOM(type) .min = sizeof(type), .max = sizeof(type)
#define UNCHECKED(type) \
	.min = sizeof(type), .max = sizeof(type), .unchecked = true
#define BETWEEN(least, most) .min = (least), .max = (most)
#define ANYTHING .max = UINT32_MAX, .null_ok = true

#define ROW(lev, nam, type, length, setter, getter, zephyr, zephyr_3_3, host) \
	{ .level = (lev), \
		.name = (nam), \
		length, \
		.set = (setter), \
		.get = (getter), \
		.in = OPTION_IN(zephyr, zephyr_3_3, host) },
#define NO_ROW(...)

const struct option native_stream_options[] = {
#define STREAM ROW
#define DGRAM NO_ROW
#define BOTH ROW
#include "sock/native_options.def"
#undef DGRAM
#undef STREAM
	OPTION_END,
};

const struct option native_dgram_options[] = {
#define STREAM NO_ROW
#define DGRAM ROW
#include "sock/native_options.def"
	OPTION_END,
};
