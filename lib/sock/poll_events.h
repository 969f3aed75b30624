#ifndef SOCK_POLL_EVENTS_H
#define SOCK_POLL_EVENTS_H

#include "sock/shimmed.h"
#include "sock/sock.h"

/* Does the program ask by the host's rules for what TLS tells? */
static inline bool
poll_events_are_hosts(const struct zsock *s)
{
	const struct zsock_ops *ops = s->ops;

	return shimmed && ops->secure;
}

/* The device knows fewer events: what the others are called there. */
static inline short
poll_events_to_kind(const struct zsock *s, short events)
{
	if (!poll_events_are_hosts(s))
		return events;
	if ((events & POLLRDNORM) != 0)
		events |= POLLIN;
	if ((events & POLLWRNORM) != 0)
		events |= POLLOUT;
	return events;
}

static inline short
poll_events_from_kind(const struct zsock *s, short events, short revents)
{
	if (!poll_events_are_hosts(s))
		return revents;
	if ((revents & POLLIN) != 0)
		revents |= events & POLLRDNORM;
	if ((revents & POLLOUT) != 0)
		revents |= events & POLLWRNORM;
	return (short)(revents & (~(POLLIN | POLLOUT) | events));
}

#endif
