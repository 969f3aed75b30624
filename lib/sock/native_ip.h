#ifndef SOCK_NATIVE_IP_H
#define SOCK_NATIVE_IP_H

#include "sock/native.h"

/*
 * What the rows of native_options.def call, each as a row's set or get: on a
 * struct native or what contains one.  Beside the errnos named here they answer
 * the kernel's, and -ENOPROTOOPT for an option of the other family.
 *
 * The type of service, the packet information and the hop limit are one thing
 * on the device and have a name for each family; either name reaches the
 * kernel's option for the socket's family.
 */

/* The kernel's value, as it is. */
int native_put(struct zsock *s, const struct option *o, const void *val,
    socklen_t len);
int native_get(struct zsock *s, const struct option *o, void *val,
    socklen_t *len);

/* Every value but 0 is 1. */
int native_put_bool(struct zsock *s, const struct option *o, const void *val,
    socklen_t len);

/* The low 8 bits count; a warning says so when there are others. */
int native_put_hops(struct zsock *s, const struct option *o, const void *val,
    socklen_t len);

/*
 * The interface that all traffic goes through: by the name in a struct ifreq,
 * or none for an empty one or length 0.  -EINVAL for another length, -ENODEV
 * for an unknown name, -ENOPROTOOPT with a warning if the kernel wants
 * CAP_NET_RAW for it.
 */
int native_set_device(struct zsock *s, const struct option *o, const void *val,
    socklen_t len);

/*
 * The MTU of the way to the peer, or of the interface that the socket is bound
 * to, or of the first that is no loopback; 65535 at most.
 */
int native_get_mtu(struct zsock *s, const struct option *o, void *val,
    socklen_t *len);

/* Whether datagrams may be fragmented here. */
int native_set_dontfrag(struct zsock *s, const struct option *o,
    const void *val, socklen_t len);
int native_get_dontfrag(struct zsock *s, const struct option *o, void *val,
    socklen_t *len);

/*
 * The interface that multicasts leave by; its first address for IPv4, its
 * index for IPv6.  -EAFNOSUPPORT on a socket of the other family, -ENOENT for
 * an address that no interface has, or an unknown index.
 */
int native_set_multicast_if(struct zsock *s, const struct option *o,
    const void *val, socklen_t len);
int native_get_multicast_if(struct zsock *s, const struct option *o, void *val,
    socklen_t *len);
int native_set_multicast_if6(struct zsock *s, const struct option *o,
    const void *val, socklen_t len);
int native_get_multicast_if6(struct zsock *s, const struct option *o, void *val,
    socklen_t *len);

/*
 * Joins and leaves a group, on the interface named or else on the default one.
 * Joining again is 0.  -EINVAL if it is no group, -ENOENT for leaving a group
 * that was not joined; without any interface -EINVAL (IPv4), -ENOENT (IPv6).
 */
int native_set_group(struct zsock *s, const struct option *o, const void *val,
    socklen_t len);
int native_set_group6(struct zsock *s, const struct option *o, const void *val,
    socklen_t len);

#endif
