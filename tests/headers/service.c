/*
 * Services as a program defines them, in C and C++: seen by other sources or
 * not, one after the other, and in C++ in a namespace.
 */
#include <zephyr/net/socket_service.h>

static void
on_event(struct net_socket_service_event *pev)
{
	if ((pev->event.revents & ZSOCK_POLLIN) == 0)
		(void)net_socket_service_close(pev->svc);
}

#define ROOM 2

extern const struct net_socket_service_desc declared_before;

NET_SOCKET_SERVICE_SYNC_DEFINE(declared_before, on_event, ROOM);
NET_SOCKET_SERVICE_SYNC_DEFINE(seen_by_others, on_event, 1);
NET_SOCKET_SERVICE_SYNC_DEFINE_STATIC(of_this_source, on_event, ROOM + 1);
NET_SOCKET_SERVICE_SYNC_DEFINE_STATIC(another, on_event, 1);

#ifdef __cplusplus
namespace
{
NET_SOCKET_SERVICE_SYNC_DEFINE_STATIC(in_a_namespace, on_event, 1);
NET_SOCKET_SERVICE_SYNC_DEFINE_STATIC(in_the_same, on_event, 1);
} // namespace
#endif

static void
count(const struct net_socket_service_desc *svc, void *user_data)
{
	*(int *)user_data += svc->pev_len;
}

int
main(void)
{
	struct zsock_pollfd fds[ROOM];
	int n = 0;

	fds[0].fd = fds[1].fd = -1;
	net_socket_service_foreach(count, &n);
	return net_socket_service_register(&of_this_source, fds, ROOM, &n) +
	    net_socket_service_unregister(&of_this_source) +
	    net_socket_service_unregister(&another);
}
