#include <errno.h>

#include <zephyr/net/socket.h>

#include "base/err.h"
#include "base/profile.h"
#include "sock/pair.h"

int
zsock_socketpair(int family, int type, int proto, int sv[2])
{
	const int rc = call_socketpair(family, type, proto, sv);

	/* The older device leaves one behind. */
	if (rc == 0 && quirk(QUIRK_ERRNO_AFTER_SOCKET) != 0)
		errno = quirk(QUIRK_ERRNO_AFTER_SOCKET);
	return (int)err_edge(rc);
}
