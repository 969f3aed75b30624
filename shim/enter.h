#ifndef SHIM_ENTER_H
#define SHIM_ENTER_H

#include <sys/socket.h>

#include "shim/rules.h"

/*
 * The rule for a connect of fd, the core's or not, to addr, or NULL, in *rule.
 * 0; or -1 and errno, after a line: it may have one, which cannot be told now.
 */
int enter_connect_rule(int fd, const struct sockaddr *addr, socklen_t len,
    const struct rule **rule);

#endif
