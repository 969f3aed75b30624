#include <errno.h>
#include <string.h>

#include "shim/enter.h"
#include "shim/given.h"
#include "shim/pending.h"
#include "shim/real.h"
#include "shim/slots.h"
#include "shim/withheld.h"

/*
 * On a plain socket a message may carry descriptors, of which a secure
 * connection is worth nothing to another process; and MSG_FASTOPEN makes it a
 * connect, which a rule may want to be secure.
 */

#define MESSAGES_MAX 1024 /* of one call: the kernel takes no more */

static int
refuse_passing(int fd)
{
	withheld_say_one("SCM_RIGHTS", fd);
	errno = EBADF;
	return -1;
}

static int
check_rights(struct cmsghdr *c)
{
	const size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	int fd;

	for (size_t i = 0; i < n; i++) {
		memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
		if (slots_is_secure(fd))
			return refuse_passing(fd);
	}
	return 0;
}

/* 0, or -1 and errno. */
static int
check_control(const struct msghdr *msg)
{
	struct msghdr *m = (struct msghdr *)msg; /* only for the macros */
	struct cmsghdr *c;

	if (slots_core == NULL)
		return 0;
	for (c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
		    c->cmsg_len >= CMSG_LEN(0) && check_rights(c) == -1)
			return -1;
	}
	return 0;
}

/* Its first bytes are all that is looked at. */
static bool
is_address(const struct sockaddr *addr, socklen_t len)
{
	return given(addr,
	    len < sizeof(struct sockaddr_storage)
	        ? len
	        : sizeof(struct sockaddr_storage));
}

/* A program that is told so connects, and is then seen. */
static int
check_fast_open(int fd, const struct sockaddr *addr, socklen_t len)
{
	const struct rule *rule;

	if (enter_connect_rule(fd, addr, len, &rule) == -1)
		return -1;
	if (rule == NULL) {
		pending_plain(fd);
		return 0;
	}
	errno = EOPNOTSUPP;
	return -1;
}

/* What has no memory is the kernel's to refuse. */
static int
check(int fd, const struct msghdr *msg, int flags)
{
	if ((slots_core == NULL && (flags & MSG_FASTOPEN) == 0) ||
	    !given(msg, sizeof(*msg)))
		return 0;
	if (msg->msg_controllen > 0 &&
	    given(msg->msg_control, msg->msg_controllen) &&
	    check_control(msg) == -1)
		return -1;
	if ((flags & MSG_FASTOPEN) == 0 ||
	    !is_address(msg->msg_name, msg->msg_namelen))
		return 0;
	return check_fast_open(fd, msg->msg_name, msg->msg_namelen);
}

EXPORT ssize_t
sendto(int fd, const void *buf, size_t len, int flags,
    const struct sockaddr *addr, socklen_t addrlen)
{
	if (slots_has(fd))
		return slots_core->sendto(fd, buf, len, flags, addr, addrlen);
	if (pending_refuses(fd) ||
	    ((flags & MSG_FASTOPEN) != 0 && is_address(addr, addrlen) &&
	        check_fast_open(fd, addr, addrlen) == -1))
		return -1;
	return real.sendto(fd, buf, len, flags, addr, addrlen);
}

/* Most messages have neither control data nor that flag. */
static inline bool
is_of_interest(const struct msghdr *msg, int flags)
{
	return (flags & MSG_FASTOPEN) != 0 ||
	    (slots_core != NULL && msg != NULL && msg->msg_controllen > 0);
}

EXPORT ssize_t
sendmsg(int fd, const struct msghdr *msg, int flags)
{
	if (slots_has(fd))
		return slots_core->sendmsg(fd, msg, flags);
	if (pending_refuses(fd) ||
	    (is_of_interest(msg, flags) && check(fd, msg, flags) == -1))
		return -1;
	return real.sendmsg(fd, msg, flags);
}

/* How many messages come before one that is refused; errno says why then. */
static unsigned int
first_refused(int fd, const struct mmsghdr *msgs, unsigned int n, int flags)
{
	unsigned int i;

	if ((slots_core == NULL && (flags & MSG_FASTOPEN) == 0) ||
	    !given(msgs, n))
		return n;
	if (n > MESSAGES_MAX)
		n = MESSAGES_MAX;
	for (i = 0; i < n; i++) {
		if (check(fd, &msgs[i].msg_hdr, flags) == -1)
			break;
	}
	return i;
}

EXPORT int
sendmmsg(int fd, struct mmsghdr *msgs, unsigned int n, int flags)
{
	const int saved = errno;
	unsigned int good;

	if (slots_has(fd))
		return slots_core->sendmmsg(fd, msgs, n, flags);
	if (pending_refuses(fd))
		return -1;
	good = first_refused(fd, msgs, n, flags);
	if (good == 0 && n > 0)
		return -1;
	errno = saved;
	return real.sendmmsg(fd, msgs, good, flags);
}
