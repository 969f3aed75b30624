#include "shim/pending.h"
#include "shim/real.h"
#include "shim/slots.h"

/* The rows of wrapped.def: a descriptor that is not the core's is libc's. */
#define WRAP_SEND(...)
#define WRAP_NEW(...)
#define WRAP(ret, name, params, args) \
	EXPORT ret name params \
	{ \
		if (!slots_has(fd)) \
			return real.name args; \
		return slots_core->name args; \
	}
#define WRAP_DATA(ret, name, params, args) \
	EXPORT ret name params \
	{ \
		if (!slots_has(fd)) \
			return pending_refuses(fd) ? -1 : real.name args; \
		return slots_core->name args; \
	}
#include "shim/wrapped.def"
#undef WRAP

/* Libc's other names of some of them. */
EXPORT ssize_t __read(int fd, void *buf, size_t len)
    __attribute__((alias("read")));
EXPORT ssize_t __write(int fd, const void *buf, size_t len)
    __attribute__((alias("write")));
EXPORT ssize_t __send(int fd, const void *buf, size_t len, int flags)
    __attribute__((alias("send")));
