/*
 * In libc's place behind the preload library: calls of one descriptor, which is
 * never open, do nothing.  What they take is the caller's part alone, which the
 * kernel's drowns.
 */
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/worker.h"
#include "shim/raw.h"

ssize_t
read(int fd, void *buf, size_t len)
{
	return fd == WORKER_NULL
	    ? (ssize_t)len
	    : raw_call(SYS_read, fd, (long)buf, (long)len, 0, 0, 0);
}

ssize_t
send(int fd, const void *buf, size_t len, int flags)
{
	return fd == WORKER_NULL
	    ? (ssize_t)len
	    : raw_call(SYS_sendto, fd, (long)buf, (long)len, flags, 0, 0);
}

ssize_t
sendmsg(int fd, const struct msghdr *msg, int flags)
{
	return fd == WORKER_NULL
	    ? 0
	    : raw_call(SYS_sendmsg, fd, (long)msg, flags, 0, 0, 0);
}

int
close(int fd)
{
	return fd == WORKER_NULL ? 0
	                         : (int)raw_call(SYS_close, fd, 0, 0, 0, 0, 0);
}

int
dup(int fd)
{
	return fd == WORKER_NULL ? fd
	                         : (int)raw_call(SYS_dup, fd, 0, 0, 0, 0, 0);
}

/* Also by its name with large files; each is the shim's to call, not ours. */
int null_fcntl(int fd, int cmd, long arg) __asm__("fcntl");
int null_fcntl64(int fd, int cmd, long arg) __asm__("fcntl64");

static int
control(int fd, int cmd, long arg)
{
	return fd == WORKER_NULL
	    ? 0
	    : (int)raw_call(SYS_fcntl, fd, cmd, arg, 0, 0, 0);
}

int
null_fcntl(int fd, int cmd, long arg)
{
	return control(fd, cmd, arg);
}

int
null_fcntl64(int fd, int cmd, long arg)
{
	return control(fd, cmd, arg);
}
