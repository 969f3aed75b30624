/*
 * P49: another preload library: counts calls, and says so at the end in the
 * file TRACER_FILE.
 */
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_uint sockets, connects, sends, recvs, closes;

int
socket(int family, int type, int proto)
{
	int (*next)(int, int, int);

	*(void **)&next = dlsym(RTLD_NEXT, "socket");
	sockets++;
	return next(family, type, proto);
}

int
connect(int fd, const struct sockaddr *addr, socklen_t len)
{
	int (*next)(int, const struct sockaddr *, socklen_t);

	*(void **)&next = dlsym(RTLD_NEXT, "connect");
	connects++;
	return next(fd, addr, len);
}

ssize_t
send(int fd, const void *buf, size_t n, int flags)
{
	ssize_t (*next)(int, const void *, size_t, int);

	*(void **)&next = dlsym(RTLD_NEXT, "send");
	sends++;
	return next(fd, buf, n, flags);
}

ssize_t
recv(int fd, void *buf, size_t n, int flags)
{
	ssize_t (*next)(int, void *, size_t, int);

	*(void **)&next = dlsym(RTLD_NEXT, "recv");
	recvs++;
	return next(fd, buf, n, flags);
}

int
close(int fd)
{
	int (*next)(int);

	*(void **)&next = dlsym(RTLD_NEXT, "close");
	closes++;
	return next(fd);
}

__attribute__((destructor)) static void
say(void)
{
	const char *path = getenv("TRACER_FILE");
	FILE *f = path == NULL ? NULL : fopen(path, "w");

	if (f == NULL)
		return;
	fprintf(f, "socket=%u connect=%u send=%u recv=%u close=%u\n", sockets,
	    connects, sends, recvs, closes);
	fclose(f);
}
