#ifndef SHIM_LOOKUP_H
#define SHIM_LOOKUP_H

#include <netdb.h>
#include <stdbool.h>

#include "shim/settings.h"

/* The addresses that name has had, for the rules by name.  0 or -ENOMEM. */
int lookup_remember(const char *name, const struct addrinfo *list);

/*
 * A program may look names up in its own way.  Looks those up that have a rule
 * for the port of addr, each until it has been found once.  NULL; or the rule
 * whose name cannot be, with what getaddrinfo says in *why.  May wait.
 */
const struct rule *lookup_rules(const struct rules *rules,
    const struct sockaddr *addr, socklen_t len, int *why);

#endif
