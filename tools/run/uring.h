#ifndef RUN_URING_H
#define RUN_URING_H

/*
 * Makes io_uring_setup(2) answer ENOSYS in this process, what it executes and
 * their children, for good: what goes to the kernel that way passes every
 * library by.  No program that is executed from now on gains privileges.
 * Returns 0 or a negative errno.
 */
int uring_forbid(void);

#endif
