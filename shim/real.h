#ifndef SHIM_REAL_H
#define SHIM_REAL_H

#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>

struct aiocb;
struct aiocb64;
struct kernel;
struct resolver;

/* What the library shows to the program, and nothing else. */
#define EXPORT __attribute__((visibility("default")))

/*
 * Libc's originals, or those of the next library that wraps them.  Each is
 * looked up when it is first called, by the function that its place holds until
 * then; so that all may be called at any time, also before any constructor has
 * run.
 */
struct real {
#define WRAP(ret, name, params, args) ret(*name) params;
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

extern struct real real;

/* Looks up what is not yet: the core's calls go to libc without a detour. */
void real_find_all(void);

/* The originals as base/kernel.h has them, after real_find_all. */
void real_kernel(struct kernel *table);

/* The same as base/resolver.h has them. */
void real_resolver(struct resolver *table);

/*
 * For the jump of syscall.c: libc's syscall, or NULL as long as it has not been
 * looked up.
 */
extern void *real_syscall;
void *real_find_syscall(void);

#endif
