#ifndef BASE_KFD_H
#define BASE_KFD_H

/*
 * Descriptors of the kernel's that the library opens and closes.  A program may
 * have closed its stdin, stdout and stderr, and the kernel gives the lowest
 * number that is free; what then writes to stderr, as the log does, must not
 * write to a socket.
 */

/*
 * What a call that opens a descriptor has answered: the descriptor, above
 * stderr unless kfd_keep_numbers was called, or as err_from_open.
 */
int kfd_opened(int rc);

/* The same for socketpair: 0 or a negative errno, and nothing open. */
int kfd_opened_pair(int rc, int kfds[2]);

/* Closes one; errno is left alone. */
void kfd_close(int kfd);

/* The program sees the kernel's numbers: they are not changed from now on. */
void kfd_keep_numbers(void);

#endif
