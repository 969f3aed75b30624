#ifndef SOCK_TLS_LISTS_H
#define SOCK_TLS_LISTS_H

#include "sock/option.h"

/*
 * The options of secure sockets that take lists, as rows of an option table
 * call them; see option.h.  A length that is not one of whole members, NULL or
 * more members than can be is -EINVAL.
 */
int tls_lists_set_tags(struct zsock *s, const struct option *o, const void *val,
    socklen_t len);
int tls_lists_get_tags(struct zsock *s, const struct option *o, void *val,
    socklen_t *len);
int tls_lists_set_suites(struct zsock *s, const struct option *o,
    const void *val, socklen_t len);
int tls_lists_get_suites(struct zsock *s, const struct option *o, void *val,
    socklen_t *len);
int tls_lists_set_protocols(struct zsock *s, const struct option *o,
    const void *val, socklen_t len);
int tls_lists_get_protocols(struct zsock *s, const struct option *o, void *val,
    socklen_t *len);

#endif
