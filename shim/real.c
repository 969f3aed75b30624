#include "shim/real.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/kernel.h"
#include "base/resolver.h"
#include "shim/next.h"
#include "shim/raw.h"

/* Arguments of any kind, as the kernel takes them. */
#define LONGS_1(a) (long)(a), 0, 0, 0, 0, 0
#define LONGS_2(a, b) (long)(a), (long)(b), 0, 0, 0, 0
#define LONGS_3(a, b, c) (long)(a), (long)(b), (long)(c), 0, 0, 0
#define LONGS_4(a, b, c, d) (long)(a), (long)(b), (long)(c), (long)(d), 0, 0
#define LONGS_5(a, b, c, d, e) \
	(long)(a), (long)(b), (long)(c), (long)(d), (long)(e), 0
#define LONGS_6(a, b, c, d, e, f) \
	(long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f)
#define LONGS_OF(a, b, c, d, e, f, n, ...) LONGS_##n
#define LONGS(...) LONGS_OF(__VA_ARGS__, 6, 5, 4, 3, 2, 1)(__VA_ARGS__)

/* Calls that libc makes of another one. */
#define SYS_send SYS_sendto
#define SYS_recv SYS_recvfrom
#define SYS_fcntl64 SYS_fcntl
#define SYS_sendfile64 SYS_sendfile

/* Stores what name stands for in *place, or what is to be called without. */
static void
find(void **place, const char *name, void *without)
{
	void *found = next_find(name);

	if (found == NULL)
		found = without;
	__atomic_store_n(place, found, __ATOMIC_RELAXED);
}

/* A place of the table as next_find has it. */
static void **
place_of(void *pointer)
{
	return pointer;
}

static int
no_call(void)
{
	errno = ENOSYS;
	return -1;
}

/*
 * Each name has a function that its place begins with; it looks up the name and
 * hands the call on.
 */
#define WRAP REAL
#define REAL(ret, name, params, args) \
	static ret raw_##name params \
	{ \
		return (ret)raw_call(SYS_##name, LONGS args); \
	} \
	RAW(ret, name, params, args)
#define RAW(ret, name, params, args) \
	static ret first_##name params \
	{ \
		find(place_of(&real.name), #name, (void *)raw_##name); \
		return real.name args; \
	}
#define LATE(ret, name, params, args) \
	static ret first_##name params \
	{ \
		find(place_of(&real.name), #name, (void *)no_call); \
		return real.name args; \
	}
#include "shim/special.def"
#include "shim/wrapped.def"
#undef WRAP
#undef REAL
#undef RAW
#undef LATE

struct real real = {
#define WRAP(ret, name, params, args) .name = first_##name,
#define REAL WRAP
#define RAW WRAP
#define LATE WRAP
#include "shim/special.def"
#include "shim/wrapped.def"
#undef WRAP
#undef REAL
#undef RAW
#undef LATE
};

void *real_syscall;

void
real_find_all(void)
{
#define REAL(ret, name, params, args) \
	if (real.name == first_##name) \
		find(place_of(&real.name), #name, (void *)raw_##name);
#define WRAP REAL
#define RAW REAL
#define LATE(ret, name, params, args)
#include "shim/special.def"
#include "shim/wrapped.def"
#undef WRAP
#undef REAL
#undef RAW
#undef LATE
}

void
real_kernel(struct kernel *table)
{
	*table = (struct kernel){
		.socket = real.socket,
		.socketpair = socketpair,
		.eventfd = eventfd,
		.close = real.close,
		.bind = real.bind,
		.connect = real.connect,
		.listen = real.listen,
		.accept4 = real.accept4,
		.shutdown = real.shutdown,
		.sendto = real.sendto,
		.sendmsg = real.sendmsg,
		.recvfrom = real.recvfrom,
		.recvmsg = real.recvmsg,
		.getsockopt = real.getsockopt,
		.setsockopt = real.setsockopt,
		.getsockname = real.getsockname,
		.getpeername = real.getpeername,
		.poll = real.poll,
		.select = real.select,
		.fcntl = real.fcntl,
		.dup3 = real.dup3,
		.ioctl = real.ioctl,
		.read = real.read,
		.write = real.write,
		.preadv2 = real.preadv2,
	};
}

void
real_resolver(struct resolver *table)
{
	*table = (struct resolver){
		.getaddrinfo = real.getaddrinfo,
		.freeaddrinfo = real.freeaddrinfo,
		.getnameinfo = real.getnameinfo,
		.gethostname = gethostname,
	};
}

static long
raw_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	return raw_call(number, a, b, c, d, e, f);
}

void *
real_find_syscall(void)
{
	find(&real_syscall, "syscall", (void *)raw_syscall);
	return real_syscall;
}
