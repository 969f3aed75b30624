#ifndef ZEPHYR_NET_SOCKET_SERVICE_H
#define ZEPHYR_NET_SOCKET_SERVICE_H

#ifndef ZSOCK_HEADER_WARNINGS /* see zsock/api.h */
#pragma GCC system_header
#endif

/*
 * Socket services: one thread of the library waits for the sockets of all
 * services and calls the callback of the one whose socket is ready.
 *
 *   static void
 *   on_event(struct net_socket_service_event *pev)
 *   {
 *           zsock_recv(pev->event.fd, ...);
 *   }
 *   NET_SOCKET_SERVICE_SYNC_DEFINE_STATIC(echo, on_event, 2);
 *   ...
 *   net_socket_service_register(&echo, fds, 2, NULL);
 *
 * Callbacks run one at a time, in that thread, in which all signals are
 * blocked; one that blocks stalls every service.  Every call below may be made
 * in a callback too.  A socket that stays ready is called for again and again:
 * after ZSOCK_POLLERR, ZSOCK_POLLHUP or ZSOCK_POLLNVAL the callback must take
 * it out of the list.
 *
 * The thread starts with the first sockets that are registered, ends with the
 * process, and keeps no process from ending.  A forked child does not have it,
 * nor what was registered; its first registration starts it anew.
 *
 * Unloading what defines a service (dlclose) waits for its callback to return,
 * if it runs: it must not wait for the dynamic linker then, as dlopen and
 * zsock_getaddrinfo may.  The end of the process waits for none.
 *
 * The forms of Zephyr 3.6, NET_SOCKET_SERVICE_ASYNC_DEFINE and a SYNC_DEFINE
 * with a work queue, went with its 3.7 and are not here.
 */

#include <zephyr/net/socket.h>

struct net_socket_service_event;
struct net_socket_service_desc;

typedef void (*net_socket_service_handler_t)(
    struct net_socket_service_event *pev);
typedef void (
    *net_socket_service_cb_t)(const struct net_socket_service_desc *svc,
    void *user_data);

/*
 * One socket of a service.  A callback gets a copy, which is valid until it
 * returns: event has what was registered, with revents; svc is its service and
 * user_data what was registered with it.
 */
struct net_socket_service_event {
	net_socket_service_handler_t callback;
	struct zsock_pollfd event;
	void *user_data;
	struct net_socket_service_desc *svc;
};

/* A service: room for pev_len sockets.  list is the library's own. */
struct net_socket_service_desc {
	struct net_socket_service_event *pev;
	int pev_len;
	struct zsock_service *list;
};

struct zsock_service {
	const struct net_socket_service_desc *next;
	unsigned long changes;
};

/*
 * Define a service with room for count sockets, at file scope, in C or C++: one
 * that other sources can declare (extern const struct net_socket_service_desc
 * name), or one of this source alone.
 */
#define NET_SOCKET_SERVICE_SYNC_DEFINE(name, cb, count) \
	ZSOCK_SERVICE_DEFINE(name, cb, count, ZSOCK_SERVICE_EXTERN(name))
#define NET_SOCKET_SERVICE_SYNC_DEFINE_STATIC(name, cb, count) \
	ZSOCK_SERVICE_DEFINE(name, cb, count, static)

/* A const object of C++ is not seen by others unless it was declared so. */
#define ZSOCK_SERVICE_EXTERN(name) \
	extern const struct net_socket_service_desc name;

/* The services of a program, or of what it loads, find each other by these. */
#define ZSOCK_SERVICE_DEFINE(name, cb, count, scope) \
	static struct net_socket_service_event \
	    zsock_service_pev_##name[count]; \
	static struct zsock_service zsock_service_list_##name; \
	scope const struct net_socket_service_desc name = { \
		zsock_service_pev_##name, (count), &zsock_service_list_##name \
	}; \
	__attribute__((constructor)) static void zsock_service_add_##name( \
	    void) \
	{ \
		zsock_service_add(&name, (cb)); \
	} \
	__attribute__((destructor)) static void zsock_service_remove_##name( \
	    void) \
	{ \
		zsock_service_remove(&name); \
	} \
	ZSOCK_SERVICE_ASSERT((count) > 0, "a service has room for a socket")

#ifdef __cplusplus
#define ZSOCK_SERVICE_ASSERT static_assert
#else
#define ZSOCK_SERVICE_ASSERT _Static_assert
#endif

/* user_data that has the sockets closed: see net_socket_service_register. */
#define NET_SOCKET_SERVICE_CLOSE_SOCKETS ((void *)-1)

ZSOCK_BEGIN_DECLS

/*
 * Have the service called for these len sockets from now on, instead of those
 * that it had; entries with a negative fd are skipped.  fds is copied.  fds
 * NULL takes all its sockets out, and with NET_SOCKET_SERVICE_CLOSE_SOCKETS as
 * user_data the thread also closes them, soon after the call has returned.
 *
 * What was ready before the call is not called for after it; a callback that is
 * under way in the meantime is not waited for.
 *
 * Returns 0 or a negative errno; errno itself is left alone (Zephyr)
 *   -ENOENT  svc was not made by one of the macros
 *   -EIO     the thread cannot be started, or the limits of the target that are
 *            in force let poll wait for fewer sockets than all services have
 *            room for, and one more
 *   -ENOMEM  len is more than the service has room for; out of memory
 *   -EINVAL  len is negative, or the service has no callback
 */
ZSOCK_API int net_socket_service_register(const struct net_socket_service_desc
                                              *svc,
    struct zsock_pollfd *fds, int len, void *user_data);

/* Take all its sockets out; they stay open.  Errors as above. */
static inline int
net_socket_service_unregister(const struct net_socket_service_desc *svc)
{
	return net_socket_service_register(svc, NULL, 0, NULL);
}

/* Take all its sockets out and have the thread close them.  Errors as above. */
static inline int
net_socket_service_close(const struct net_socket_service_desc *svc)
{
	return net_socket_service_register(svc, NULL, 0,
	    NET_SOCKET_SERVICE_CLOSE_SOCKETS);
}

/*
 * Call cb, unless it is NULL, for each service, in no order; it may call all the
 * above.
 */
ZSOCK_API void net_socket_service_foreach(net_socket_service_cb_t cb,
    void *user_data);

/* For the macros. */
ZSOCK_API void zsock_service_add(const struct net_socket_service_desc *svc,
    net_socket_service_handler_t cb);
ZSOCK_API void zsock_service_remove(const struct net_socket_service_desc *svc);

ZSOCK_END_DECLS

#endif
