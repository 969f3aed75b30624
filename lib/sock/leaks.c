#include "sock/leaks.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/config.h"
#include "base/kernel.h"
#include "sock/fdtable.h"

#define DEPTH 32

struct trace {
	pid_t maker; /* whose socket it is, of the processes that have it */
	int n;
	void *frames[DEPTH];
};

static atomic_bool armed; /* something was noted */

void
leaks_note(struct zsock *s)
{
	const int saved = errno;

	s->trace = NULL;
	if (!config_get()->leaks)
		return;
	s->trace = malloc(sizeof(*s->trace));
	if (s->trace != NULL) {
		s->trace->maker = getpid();
		s->trace->n = backtrace(s->trace->frames, DEPTH);
		atomic_store(&armed, true);
	}
	errno = saved;
}

void
leaks_forget(struct zsock *s)
{
	free(s->trace);
	s->trace = NULL;
}

static void
say(const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (n >= (int)sizeof(line)) {
		n = (int)sizeof(line);
		line[n - 1] = '\n';
	}
	/* There is nowhere else to say it. */
	if (n > 0)
		(void)kernel->write(STDERR_FILENO, line, (size_t)n);
}

/* The address as text; what stands for it if there is none, or port 0. */
static const char *
address(int kfd, int (*get)(int kfd, struct sockaddr *addr, socklen_t *len),
    const char *none, char *buf, size_t size)
{
	struct sockaddr_storage addr;
	socklen_t len = sizeof(addr);
	char host[NI_MAXHOST], port[NI_MAXSERV];

	if (get(kfd, (struct sockaddr *)&addr, &len) == -1 ||
	    getnameinfo((struct sockaddr *)&addr, len, host, sizeof(host), port,
	        sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0 ||
	    (addr.ss_family != AF_INET && addr.ss_family != AF_INET6) ||
	    (port[0] == '0' && port[1] == '\0'))
		return none;
	snprintf(buf, size, addr.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s",
	    host, port);
	return buf;
}

/* Where the file that holds a piece of code or data was loaded, or NULL. */
static const void *
base_of(const void *p)
{
	Dl_info info;

	return dladdr(p, &info) != 0 ? info.dli_fbase : NULL;
}

/*
 * How many of the first frames are the library's own, which tell nobody
 * anything; none can be told apart if it is part of the program itself.
 */
static int
own_frames(const struct trace *t)
{
	const void *own = base_of(&armed);
	int n = 0;

	if (own == base_of((const void *)getauxval(AT_PHDR)))
		return 0;
	while (n < t->n && base_of(t->frames[n]) == own)
		n++;
	return n < t->n ? n : 0;
}

static void
report(struct zsock *s, int sock, void *arg)
{
	const struct trace *t = s->trace;
	char local[NI_MAXHOST + NI_MAXSERV], peer[NI_MAXHOST + NI_MAXSERV];
	char **names;

	(void)arg;
	if (t == NULL || t->maker != getpid())
		return;
	say("zsock: leak: socket %d, %s, %s, %s, was never closed; made by\n",
	    sock, s->ops->name,
	    address(s->kfd, kernel->getsockname, "no address", local,
	        sizeof(local)),
	    address(s->kfd, kernel->getpeername, "no peer", peer,
	        sizeof(peer)));
	names = backtrace_symbols(t->frames, t->n);
	for (int i = own_frames(t); i < t->n; i++) {
		if (names != NULL)
			say("zsock: leak:   %s\n", names[i]);
		else
			say("zsock: leak:   %p\n", t->frames[i]);
	}
	free(names);
}

/*
 * Later than atexit handlers and C++ destructors, which may close something.
 * The configuration is not asked: it may be what ends the program.
 */
__attribute__((destructor)) static void
report_at_exit(void)
{
	if (atomic_load(&armed))
		fdtable_each(report, NULL);
}
