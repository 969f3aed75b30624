#ifndef SOCK_TLS_RETRY_H
#define SOCK_TLS_RETRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/*
 * Data that a send was refused with EAGAIN.  A device has encrypted them by
 * then, and the next send sends them whatever it is given; so a program that
 * then gives others loses those, and hears of it here.  Guarded by the socket's
 * lock.
 */
struct tls_retry {
	size_t len; /* of what a device holds; 0 is nothing */
	uint64_t digest;
	bool told; /* once is enough */
};

/* The message was refused; one without data leaves what was noted before. */
void tls_retry_note(struct tls_retry *r, const struct msghdr *m);

/*
 * Does the message begin with other data than were refused, or with more or
 * fewer?  Forgets them; a message without data is no retry.  True once only.
 */
bool tls_retry_differs(struct tls_retry *r, const struct msghdr *m);

#endif
