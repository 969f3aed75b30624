#ifndef API_RESOLVE_H
#define API_RESOLVE_H

#include <zephyr/net/socket.h>

#include "api/results.h"

/*
 * What getaddrinfo finds, under the device's rules and under the host's.  Both
 * look at the process's own names (base/hosts.h) before they ask the host's
 * resolver, and an address never leaves the calling thread.
 *
 * They return 0 and at least one entry in r, which was empty, or a DNS_EAI_
 * code, with errno if it is DNS_EAI_SYSTEM.  The caller releases r either way.
 */
int resolve_device(const char *host, const char *service,
    const struct zsock_addrinfo *hints, struct results *r);
int resolve_linux(const char *host, const char *service,
    const struct zsock_addrinfo *hints, struct results *r);

/* Addresses of one name that are looked at. */
#define RESOLVE_MAX 64

#endif
