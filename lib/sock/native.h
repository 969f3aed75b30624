#ifndef SOCK_NATIVE_H
#define SOCK_NATIVE_H

#include <netinet/in.h>

#include "sock/option.h"
#include "sock/sock.h"

/*
 * Stream and datagram sockets on the kernel, with the answers of the profile
 * in force: a row of base/quirks.def says where they are not the kernel's.
 */

enum native_state {
	NATIVE_NEW,
	NATIVE_LISTENING,
	NATIVE_CONNECTING, /* without waiting; the kernel knows how far it is */
	NATIVE_CONNECTED,
	NATIVE_FAILED, /* error says why; a device never gets out of it */
};

/*
 * Room for any internet address.  The kernel's calls take it as a sockaddr.
 */
union native_addr {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_storage room;
};

/* The first member of every socket that is an internet socket of the kernel. */
struct native {
	struct zsock base;
	int type;          /* constant */
	atomic_int family; /* changes when bind changes it, in one profile */
	atomic_int state;  /* enum native_state */
	atomic_int error;  /* errno that ended a stream: see native_latch */
	atomic_bool bound; /* by bind, not by the kernel's own choice */
	/* Bound to what another listens on, in one profile; bind sets both. */
	atomic_bool taken;
	_Alignas(union native_addr) struct sockaddr_in6 wish; /* or _in */
	atomic_bool shut;      /* SHUT_RD: nothing is received any more */
	atomic_int child_port; /* network order: what getsockname invents */
	/* What options have asked for and the kernel is not told as it is. */
	atomic_int reuse;          /* SO_REUSEADDR */
	atomic_llong send_timeout; /* SO_SNDTIMEO in microseconds, or 0 */
	atomic_bool recv_timeout;  /* SO_RCVTIMEO is set */
	atomic_bool plain; /* no option was ever set: native_untouched */
	atomic_int sndbuf, rcvbuf; /* as set, not as the kernel doubles them */
	atomic_int priority;       /* SO_PRIORITY */
	atomic_int txtime;         /* SO_TXTIME */
	atomic_int timestamping;   /* SO_TIMESTAMPING */
	atomic_int preferences;    /* IPV6_ADDR_PREFERENCES */
	_Atomic(struct native_proxy *) proxy; /* SO_SOCKS5, or NULL */
};

/* Where SO_SOCKS5 sends connections through. */
struct native_proxy {
	union native_addr addr;
	socklen_t len;
	struct native_proxy *before; /* kept until the socket is destroyed */
};

/* Bytes of Zephyr's own sockaddr_in and sockaddr_in6. */
#define NATIVE_IN_LEAST 8
#define NATIVE_IN6_LEAST 24

int native_open(int family, int type, int proto, struct zsock **out);

/* A kind whose socket is a struct native, and native_destroy its destroy. */
int native_open_with(const struct zsock_ops *ops, int family, int type,
    int proto, struct zsock **out);
void native_destroy(struct zsock *s);

/*
 * The parts of opening one, for sockets that contain a struct native: a new
 * kernel socket, set up as the profile wants it, and its state.  fini gives
 * back what init took, closes kfd, and leaves the memory alone.  Both count
 * against the target's limits: -ENOENT.
 */
int native_socket(int family, int type, int proto);
int native_init(struct native *n, const struct zsock_ops *ops, int kfd,
    int family, int type);
void native_fini(struct native *n);

/*
 * Operations, each on a struct native or what contains one.  They return >= 0
 * or a negative errno.
 */
int native_bind(struct zsock *s, const struct sockaddr *addr, socklen_t len);
int native_listen(struct zsock *s, int backlog);
int native_listen_dgram(struct zsock *s, int backlog);

/*
 * The other may have gone: gives n the address that it was bound to, if it was
 * taken.  0, -EADDRINUSE if it still is, or another negative errno.
 */
int native_bind_wish(struct native *n);

/*
 * The kernel has answered EADDRINUSE to n, which has or shall have addr: makes
 * the call again if the profile lets it be beside those that have the port.
 * Returns what that call answers, or -EADDRINUSE.
 */
int native_try_beside(struct native *n, const struct sockaddr *addr,
    int (*again)(struct native *n, const struct sockaddr *addr));
int native_shutdown(struct zsock *s, int how);

/* 0, -EINVAL or -ENOTSUP: what shutdown answers whatever the state is. */
int native_check_shutdown(int how);
int native_getsockname(struct zsock *s, struct sockaddr *addr, socklen_t *len);
int native_getpeername(struct zsock *s, struct sockaddr *addr, socklen_t *len);
ssize_t native_sendmsg(struct zsock *s, const struct msghdr *m, int flags);
ssize_t native_recvmsg(struct zsock *s, struct msghdr *m, int flags);
ssize_t native_sent(struct zsock *s, int flags, ssize_t rc);
ssize_t native_received(struct zsock *s, ssize_t rc);

/* Connects a stream, or chooses a datagram socket's peer. */
int native_connect(struct zsock *s, const struct sockaddr *addr, socklen_t len);

/* blocking waits even if O_NONBLOCK is set. */
int native_connect_stream(struct native *n, const struct sockaddr *addr,
    socklen_t len, bool blocking);

/*
 * How far a connect that did not wait has come: 0 and the stream is connected,
 * -EALREADY, or the error that ended it.
 */
int native_progress(struct native *n);

/*
 * The kernel's descriptor of the next connection of the listener s.  It counts
 * as one of the target's contexts: native_init_child takes it over, or
 * native_drop_child closes it.
 */
int native_accept_kfd(struct zsock *s, struct sockaddr *addr, socklen_t *len);
void native_drop_child(int kfd);

/* Turns kfd, just accepted by parent, into the connected stream n. */
int native_init_child(struct native *n, const struct zsock_ops *ops, int kfd,
    const struct native *parent);

/* What poll has to know; see sock/poll.c. */
void native_poll_begin(struct zsock *s, short events, struct poll_slot *slot);
short native_poll_end(struct zsock *s, short events, short revents);

void native_close_kfd(int kfd);

/* Waits on kfd, signals or not: 0, -ETIMEDOUT or another negative errno. */
int native_wait(int kfd, short events, struct deadline until);

/* The stream's state, and with it whether the kernel alone is asked. */
void native_set_state(struct native *n, enum native_state state);

/* Throws away what arrived and was not read, so that close sends no reset. */
void native_discard(int kfd);

/* 0 or O_NONBLOCK of kfd's file; a negative errno. */
int native_nonblock(int kfd);
int native_set_nonblock(int kfd, bool on);

/* The target's window sizes; the kernel rounds them as it likes. */
int native_set_windows(int kfd);

/* setsockopt of an int, or of a time limit; 0 ms is none. */
int native_set_int(int kfd, int level, int name, int value);
int native_set_timeout(int kfd, int name, int ms);

/*
 * The errno that ended the stream, or 0.  Asks the kernel, whose answer comes
 * only once, and keeps it.
 */
int native_error(struct native *n);

/*
 * Keeps what a call of the kernel failed with if it has ended the stream: the
 * kernel tells that once.  Returns the errno to answer, which is the first one
 * that was kept, or error itself if it is no failure of the connection's.
 */
int native_latch(struct native *n, int error);

/*
 * Are the options of its kernel socket surely those that the library gave it?
 * On the host, and where numbers are the kernel's, programs set them past it.
 */
bool native_untouched(const struct native *n);

/* The device's limit of a blocking send in milliseconds, 0 for none. */
int native_send_ms(void);

/* Tells the kernel the limit of sends: the program's own, or the device's. */
int native_limit_sends(struct native *n);

/*
 * Options on a kernel socket without those that programs have set, as an
 * accepted one is on the device; and the options that programs have set, on
 * the kernel socket that takes another's place.  To forget them it has to know
 * what streams of the family begin with: listen learns that, once, so that an
 * accept needs no descriptor for it.
 */
int native_learn_defaults(int family);
int native_forget_options(const struct native *parent, int kfd);
void native_move_options(const struct native *n, int from, int to);

/* For fini. */
void native_free_proxies(struct native *n);

extern const struct option native_stream_options[];
extern const struct option native_dgram_options[];

#endif
