#ifndef SOCK_NATIVE_H
#define SOCK_NATIVE_H

#include "sock/option.h"
#include "sock/sock.h"

/* Stream and datagram sockets that are the kernel's as they are. */
int native_open(int family, int type, int proto, struct zsock **out);

/*
 * The kernel half of a secure socket, which is a stream socket too: each acts
 * on s->kfd and returns >= 0 or a negative errno.
 */
int native_socket(int family, int type, int proto);
int native_accept_kfd(struct zsock *s, struct sockaddr *addr, socklen_t *len);
int native_bind(struct zsock *s, const struct sockaddr *addr, socklen_t len);
int native_connect(struct zsock *s, const struct sockaddr *addr, socklen_t len);
int native_listen(struct zsock *s, int backlog);
int native_shutdown(struct zsock *s, int how);
int native_getsockname(struct zsock *s, struct sockaddr *addr, socklen_t *len);
int native_getpeername(struct zsock *s, struct sockaddr *addr, socklen_t *len);
void native_close_kfd(int kfd);

/* 0 or O_NONBLOCK of kfd's file; a negative errno. */
int native_nonblock(int kfd);
int native_set_nonblock(int kfd, bool on);

extern const struct option native_stream_options[];
extern const struct option native_dgram_options[];

#endif
