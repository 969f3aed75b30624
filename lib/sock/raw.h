#ifndef SOCK_RAW_H
#define SOCK_RAW_H

#include "sock/sock.h"

/*
 * SOCK_RAW.  On the host it is the kernel's, which wants CAP_NET_RAW.  The
 * older device makes one for every protocol and can do nothing with it: send
 * is -EPROTONOSUPPORT, recv is 0.  The newer has none: -EPROTOTYPE.
 */
int raw_open(int family, int type, int proto, struct zsock **out);

#endif
