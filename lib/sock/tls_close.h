#ifndef SOCK_TLS_CLOSE_H
#define SOCK_TLS_CLOSE_H

#include "sock/sock.h"

/* The farewell and the shutdown of struct zsock_ops, for secure streams. */
void tls_close_farewell(struct zsock *s);
int tls_close_shutdown(struct zsock *s, int how);

#endif
