#include "sock/native.h"

#include <errno.h>
#include <sys/ioctl.h>

#include "base/kernel.h"
#include "base/profile.h"

/* How often a wait on what the kernel cannot tell looks again. */
#define LOOK_AGAIN_MS 25

static bool
nothing_left(int kfd)
{
	int n = 0;

	return kernel->ioctl(kfd, FIONREAD, &n) == -1 || n == 0;
}

/*
 * A stream that is not connected: the kernel calls it hung up, the device does
 * not.  Another thread may connect it meanwhile, so the wait looks again.
 */
static void
begin_new(short events, struct poll_slot *slot)
{
	slot->ready = events & quirk(QUIRK_POLL_NEW_STREAM) & POLLOUT;
	slot->kernel_events = POLL_NOT_ASKED;
	slot->wake = deadline_in_ms(LOOK_AGAIN_MS);
}

void
native_poll_begin(struct zsock *s, short events, struct poll_slot *slot)
{
	struct native *n = (struct native *)s;

	*slot = (struct poll_slot){ .kernel_events = events,
		.wake = DEADLINE_NEVER };
	if (atomic_load(&n->shut)) {
		slot->ready = (events & POLLIN) | POLLHUP;
		return;
	}
	if (n->type == SOCK_DGRAM || profile_get() == PROFILE_LINUX)
		return;
	switch (atomic_load(&n->state)) {
	case NATIVE_NEW:
		begin_new(events, slot);
		break;
	case NATIVE_LISTENING:
		slot->ready = events & quirk(QUIRK_POLL_LISTEN_OUT);
		slot->kernel_events = events & ~POLLOUT;
		break;
	case NATIVE_FAILED:
		if ((events & POLLOUT) != 0 &&
		    quirk(QUIRK_POLL_AFTER_FAILURE) != 0)
			profile_hazard("poll: POLLOUT after a failed connect: "
			               "POLLERR",
			    "crashes");
		slot->ready = POLLERR | POLLHUP;
		slot->kernel_events = POLL_NOT_ASKED;
		break;
	default:
		slot->kernel_events = (short)(events | POLLRDHUP);
		break;
	}
}

/*
 * A datagram socket whose kernel has an ICMP error to tell: the device has
 * none.  Asking for the error clears it.
 */
static short
end_dgram(struct native *n, short events, short revents)
{
	socklen_t len = sizeof(int);
	int error;

	if ((revents & POLLERR) == 0)
		return revents;
	(void)kernel->getsockopt(n->base.kfd, SOL_SOCKET, SO_ERROR, &error,
	    &len); /* cleared, or nothing was there */
	revents &= (short)~POLLERR;
	if ((revents & POLLIN) != 0 && nothing_left(n->base.kfd))
		revents &= (short)~POLLIN;
	return revents & (events | POLLHUP);
}

/* A connect that did not wait has ended; what became of it is kept. */
static short
end_connecting(struct native *n, short events, short revents)
{
	const int rc = native_progress(n);

	if (rc == 0)
		return revents & events;
	return rc == -EALREADY ? 0 : POLLERR | POLLHUP;
}

/*
 * The peer's FIN hangs the stream up on the device, once its data have been
 * read; the kernel waits for both halves.
 */
static short
end_stream(struct native *n, short events, short revents)
{
	if ((revents & (POLLERR | POLLHUP)) == 0 &&
	    (revents & POLLRDHUP) != 0 && nothing_left(n->base.kfd))
		return (events & POLLIN) | POLLHUP;
	return revents & (short)(events | POLLERR | POLLHUP);
}

short
native_poll_end(struct zsock *s, short events, short revents)
{
	struct native *n = (struct native *)s;

	if (profile_get() == PROFILE_LINUX)
		return revents;
	if (n->type == SOCK_DGRAM)
		return end_dgram(n, events, revents);
	switch (atomic_load(&n->state)) {
	case NATIVE_CONNECTING:
		return end_connecting(n, events, revents);
	case NATIVE_CONNECTED:
		return end_stream(n, events, revents);
	default:
		return revents & (short)(events | POLLERR | POLLHUP);
	}
}
