#ifndef SOCK_TLS_DATA_H
#define SOCK_TLS_DATA_H

#include "sock/tls_sock.h"

/* sendmsg and recvmsg of struct zsock_ops, for secure streams. */
ssize_t tls_data_sendmsg(struct zsock *s, const struct msghdr *m, int flags);
ssize_t tls_data_recvmsg(struct zsock *s, struct msghdr *m, int flags);

#endif
