#ifndef SOCK_SOCK_H
#define SOCK_SOCK_H

#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "base/deadline.h"

struct option;
struct trace;
struct zsock;

/*
 * msg_flags on entry to recvmsg when the caller will not look at it, nor at
 * control data: a shorter kernel call then does.
 */
#define SOCK_FLAGS_UNWATCHED (-1)

/* Whom poll asks whether a socket is ready. */
enum sock_poll {
	SOCK_POLL_OWN,   /* the kind: poll_begin and poll_end */
	SOCK_POLL_FIN,   /* the kernel, and of POLLRDHUP; then poll_end */
	SOCK_POLL_KERNEL /* the kernel alone */
};

/*
 * msg_flags on entry to sendmsg when the caller has one buffer and no message:
 * send, sendto, write.  A socketpair, as the device's, tells them apart.
 */
#define SOCK_ONE_BUFFER (-1)

/*
 * Among the flags of sendmsg: do not wait, on a socketpair too, which as the
 * device's passes over MSG_DONTWAIT.  No program can pass it there.
 */
#define SOCK_DONTWAIT MSG_PROXY

/* kernel_events of a slot for which the kernel has nothing to say. */
#define POLL_NOT_ASKED ((short)-1)

/* In revents for poll_end: the descriptor of poll_also is readable. */
#define POLL_ALSO 0x4000

/* What one socket contributes to a wait over many: see sock/poll.c. */
struct poll_slot {
	short kernel_events;  /* what to ask the kernel for */
	short ready;          /* what is ready without asking it */
	struct deadline wake; /* ask again by then */
};

/*
 * What a kind of socket can do.  Every entry is filled: a kind that lacks an
 * operation names the refusing stub below.  Each returns >= 0 or a negative
 * errno, never touches errno itself, and is called with a reference held.
 */
struct zsock_ops {
	const char *name;
	/* For option_get and option_set, searched in order; the last is NULL. */
	const struct option *const *options;
	/* Frees what the kind has and closes kfd.  Nobody holds a reference. */
	void (*destroy)(struct zsock *s);
	/* Says goodbye; the number is gone, but calls may still be under way. */
	void (*farewell)(struct zsock *s);
	/*
	 * Before a fork, for each socket with a number.  NULL if there is
	 * nothing to prepare.
	 */
	void (*forking)(struct zsock *s);
	/*
	 * In a process that fork has just made, for each socket with a number:
	 * this is its only thread.  NULL if there is nothing to mend.
	 */
	void (*forked)(struct zsock *s);
	int (
	    *bind)(struct zsock *s, const struct sockaddr *addr, socklen_t len);
	int (*connect)(struct zsock *s, const struct sockaddr *addr,
	    socklen_t len);
	int (*listen)(struct zsock *s, int backlog);
	/* *child is a new socket with one reference, not yet in the table. */
	int (*accept)(struct zsock *s, struct zsock **child,
	    struct sockaddr *addr, socklen_t *len);
	int (*shutdown)(struct zsock *s, int how);
	ssize_t (*sendmsg)(struct zsock *s, const struct msghdr *m, int flags);
	ssize_t (*recvmsg)(struct zsock *s, struct msghdr *m, int flags);
	/*
	 * While io_plain is set, one buffer that is for no address, or from
	 * any, is the kernel's business alone, and these turn what it answers
	 * when it fails (sent, received) or the stream has ended (received)
	 * into the socket's answer.  NULL for a kind that never sets it.
	 */
	ssize_t (*sent)(struct zsock *s, int flags, ssize_t rc);
	ssize_t (*received)(struct zsock *s, ssize_t rc);
	int (*getsockname)(struct zsock *s, struct sockaddr *addr,
	    socklen_t *len);
	int (*getpeername)(struct zsock *s, struct sockaddr *addr,
	    socklen_t *len);
	int (*getsockopt)(struct zsock *s, int level, int name, void *val,
	    socklen_t *len);
	int (*setsockopt)(struct zsock *s, int level, int name, const void *val,
	    socklen_t len);
	int (*ioctl)(struct zsock *s, unsigned long request, int *value);
	/*
	 * NULL if the kernel's readiness is the socket's own, which lets poll
	 * do without a reference.  Else begin fills slot for the events asked
	 * for, and end turns the kernel's answer into the socket's.  While
	 * poll_plain says so, begin is left out, and end is asked only if the
	 * kernel says more than data and room.
	 */
	void (
	    *poll_begin)(struct zsock *s, short events, struct poll_slot *slot);
	short (*poll_end)(struct zsock *s, short events, short revents);
	/*
	 * A second descriptor of the kernel's that ends the wait for these
	 * events when it is readable, or -1; asked after poll_begin.  NULL if
	 * there never is one.
	 */
	int (*poll_also)(struct zsock *s, short events);
	/* recvmsg is refused to programs (but recv is not), as on the device. */
	bool no_public_recvmsg;
	/* The errno of the older device's sendmsg without a message, or 0. */
	int no_message;
	/* The device's getsockopt uses the pointers as they are. */
	bool bare_pointers;
	/* Waiting for room costs a device no slot of its poll. */
	bool poll_out_free;
	/* Has neither addresses nor a use for any. */
	bool no_address;
	/* It is a struct tls_sock. */
	bool secure;
};

/*
 * A socket: the first member of each kind's own struct.  Its memory is never
 * given back to malloc, only to other sockets, so that the fd table and poll
 * can look at these members of a socket that was just closed.
 */
struct zsock {
	/* Constant from sock_init to the last sock_put, but read after it. */
	_Atomic(const struct zsock_ops *) ops;
	atomic_int kfd;
	atomic_int refs;
	atomic_bool closing;     /* the number is gone; blocked calls give up */
	atomic_bool io_plain;    /* see sent and received */
	atomic_int poll_plain;   /* enum sock_poll; set by fdtable_set_poll */
	int number;              /* its place in the fd table, or -1 */
	atomic_int names;        /* numbers that stand for it: sock/names.h */
	atomic_bool apart;       /* kfd is none of them */
	unsigned made;           /* sock_forks when it was */
	struct trace *trace;     /* who made it, if that was asked for */
	struct zsock *next_free; /* guarded by the allocator's lock */
};

/*
 * Memory for a socket of size bytes, aligned so that two sockets never share a
 * cache line; zeroed but for struct zsock.  NULL when out of memory.
 */
void *sock_alloc(size_t size);

/*
 * How often this process has forked or was forked.  What it was when a socket
 * was made, or last used, tells whether another process has a copy since.
 */
extern atomic_uint sock_forks;

/* How many sockets there are whose kind prepares for a fork. */
extern atomic_int sock_shareable;

/* Hold the allocator's lock across a fork. */
void sock_freeze(void);
void sock_thaw(void);

/* Sets the members above, with one reference, which is the caller's. */
void sock_init(struct zsock *s, const struct zsock_ops *ops, int kfd);

/* Gives memory back that has no references: from destroy, or a failed open. */
void sock_release(struct zsock *s, size_t size);

/* Takes a reference unless the last one is already gone. */
static inline bool
sock_ref(struct zsock *s)
{
	int refs = atomic_load_explicit(&s->refs, memory_order_relaxed);

	do {
		if (refs == 0)
			return false;
	} while (!atomic_compare_exchange_weak_explicit(&s->refs, &refs,
	    refs + 1, memory_order_acquire, memory_order_relaxed));
	return true;
}

/* The last reference is gone: destroys s and frees its number. */
void sock_end(struct zsock *s);

/* Drops a reference. */
static inline void
sock_put(struct zsock *s)
{
	if (atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) == 1)
		sock_end(s);
}

/* Stubs for the tables: nothing to say, and -EOPNOTSUPP. */
void sock_no_farewell(struct zsock *s);
int sock_no_address(struct zsock *s, const struct sockaddr *addr,
    socklen_t len);
int sock_no_name(struct zsock *s, struct sockaddr *addr, socklen_t *len);
int sock_no_listen(struct zsock *s, int backlog);
int sock_no_accept(struct zsock *s, struct zsock **child, struct sockaddr *addr,
    socklen_t *len);
int sock_no_ioctl(struct zsock *s, unsigned long request, int *value);

#endif
