#ifndef SHIM_PENDING_H
#define SHIM_PENDING_H

#include <stdatomic.h>
#include <stdbool.h>

/*
 * Plain sockets that a rule may make secure when they connect or listen, until
 * it is settled what they are.  Other numbers of this process may stand for the
 * same socket by then, and those of a child that was forked in the meantime:
 * both are known by this table.  A child would have the secure connection after
 * an exec, too: so the kernel's FD_CLOEXEC is set, and the program's flag is
 * kept here.  Only with rules; all leave errno alone when they succeed.
 */

/* Has there been one?  If not, nothing below needs to be called. */
extern atomic_bool pending_any;

/* socket(2) of one. */
int pending_socket(int family, int type, int proto);

/* Is fd one that is not settled? */
bool pending_confirm(int fd);

static inline bool
pending_may(void)
{
	return __builtin_expect(atomic_load_explicit(&pending_any,
	                            memory_order_relaxed),
	    0);
}

static inline bool
pending_is(int fd)
{
	return pending_may() && pending_confirm(fd);
}

/* Of one: has the kernel the flag against the program's will? */
bool pending_hides_flag(int fd);

/* F_GETFD, F_SETFD and the copies of one, as fcntl(2) answers. */
int pending_fcntl(int fd, int cmd, long arg);

/*
 * to, which has been made with FD_CLOEXEC, is a copy of fd, which is one;
 * cloexec: by the program's will.  Answers to, which may be -1.
 */
int pending_copy(int fd, int to, bool cloexec);

/* The next number from that of from on that stands for the same as fd, or -1. */
int pending_next_copy(int fd, int from);

/* It is settled as plain, and its copies are: the flag is the program's. */
void pending_plain(int fd);

/* The number is settled as secure, or is no more. */
void pending_gone(int fd);
void pending_gone_range(unsigned int first, unsigned int last);

/* The program has asked for FD_CLOEXEC for all of these. */
void pending_mark_range(unsigned int first, unsigned int last);

/* Before an exec: those that no other process has are as the program wants. */
void pending_exec(void);

/*
 * Is fd one that another process has made a secure connection since, so that
 * data of this one would be plain text on the wire?  Then errno is EBADF, and a
 * line has been said.
 */
bool pending_is_foreign(int fd);

/* Whatever fd was before, it is such a one. */
void pending_foreign(int fd);

static inline bool
pending_refuses(int fd)
{
	return pending_may() && pending_is_foreign(fd);
}

/* fd listens, not by any call that was seen, and no rule is for it. */
void pending_listens_plain(int fd);
bool pending_is_listening_plain(int fd);

#endif
