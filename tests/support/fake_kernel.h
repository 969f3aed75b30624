#ifndef SUPPORT_FAKE_KERNEL_H
#define SUPPORT_FAKE_KERNEL_H

#include <stddef.h>

/*
 * A kernel table that does as a test says.  Each entry here counts its calls
 * and goes to libc, unless the test has made it fail; all others are libc's.
 * Install it before any other thread makes a call of the library.
 */
enum fake_call {
	FAKE_SOCKET,
	FAKE_SOCKETPAIR,
	FAKE_EVENTFD,
	FAKE_CLOSE,
	FAKE_BIND,
	FAKE_CONNECT,
	FAKE_ACCEPT4,
	FAKE_SHUTDOWN,
	FAKE_SENDTO,
	FAKE_SENDMSG,
	FAKE_RECVFROM,
	FAKE_RECVMSG,
	FAKE_SETSOCKOPT,
	FAKE_POLL,
	FAKE_FCNTL,
	FAKE_WRITE,
	FAKE_LISTEN,
	FAKE_GETSOCKOPT,
	FAKE_GETSOCKNAME,
	FAKE_GETPEERNAME,
	FAKE_IOCTL,
	FAKE_DUP3,
	FAKE_CALLS /* how many there are */
};

/* Every count is 0 and no call fails. */
void fake_kernel_install(void);

/* Back to libc's own calls; does nothing if the table is not installed. */
void fake_kernel_remove(void);

/* The next n calls answer -1 with errno err and do nothing else. */
void fake_kernel_fail(enum fake_call call, int n, int err);

/* Of those, the first n do not fail yet. */
void fake_kernel_skip(enum fake_call call, int n);

/* Sending and receiving carry at most so many bytes a call; 0 is no limit. */
void fake_kernel_cap(size_t bytes);

/* How often the call was made since the table was installed. */
int fake_kernel_count(enum fake_call call);

/* The timeout that the last poll was given. */
int fake_kernel_poll_timeout(void);

#endif
