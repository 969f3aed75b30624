/* The quirks of NULL pointers and of counts below 0: every cell. */
#include "support/test.h"

#include <errno.h>

#include "support/quirks.h"

/* Which errno it is has a row of its own. */
static int
refusal(void)
{
	return profile_get() == PROFILE_LINUX ? EFAULT : EINVAL;
}

/* Refused everywhere; a hazard on the devices that do not look. */
static int
null_pointer(void)
{
	const int sock = quirks_open(NET_AF_INET, NET_SOCK_DGRAM);
	int hazards;

	assert_errno(zsock_bind(sock, NULL, 16), refusal());
	hazards = quirks_hazards();
	assert_errno(zsock_connect(sock, NULL, 16), refusal());
	assert_errno(zsock_send(sock, NULL, 1, 0), refusal());
	assert_errno(zsock_recv(sock, NULL, 1, 0), refusal());
	assert_errno(zsock_poll(NULL, 1, 0), refusal());
	assert_int_equal(hazards, profile_get() != PROFILE_LINUX);
	assert_int_equal(quirks_hazards(), 5 * hazards);
	return refusal();
}

static int
sockname_null(void)
{
	const int sock = quirks_open(NET_AF_INET, NET_SOCK_DGRAM);
	union quirks_addr a;

	assert_errno(zsock_getsockname(sock, &a.any, NULL), refusal());
	return quirks_hazards();
}

static int
ntop_short(void)
{
	char text[8] = "before";

	errno = 0;
	assert_null(zsock_inet_ntop(NET_AF_INET, "\1\2\3\4", text, 7));
	assert_int_equal(errno, ENOSPC);
	return quirks_hazards();
}

/* A socketpair looks at its buffers itself, and a bad number comes first. */
static int
null_is_no_hazard(void)
{
	int sv[2];

	assert_int_equal(zsock_socketpair(NET_AF_UNIX, NET_SOCK_STREAM, 0, sv),
	    0);
	assert_errno(zsock_send(quirks_keep(sv[0]), NULL, 1, 0), refusal());
	assert_errno(zsock_recv(quirks_keep(sv[1]), NULL, 1, 0), refusal());
	assert_errno(zsock_send(900, NULL, 1, 0), EBADF);
	assert_errno(zsock_bind(900, NULL, 16), EBADF);
	assert_int_equal(quirks_hazards(), 0);
	return refusal();
}

static int
poll_negative(void)
{
	struct zsock_pollfd fd = { .fd = -1 };

	assert_errno(zsock_poll(&fd, -1, 0), EINVAL);
	return quirks_hazards();
}

static const struct quirk_case cases[] = {
	{ "null_pointer", QUIRK_ARGUMENT_NULL, null_pointer,
	    { EINVAL, EINVAL, EFAULT } },
	{ "ntop_short", QUIRK_NTOP_SHORT, ntop_short, { 1, 1, 0 } },
	{ "null_is_no_hazard", QUIRK_ARGUMENT_NULL, null_is_no_hazard,
	    { EINVAL, EINVAL, EFAULT } },
	{ "sockname_null", QUIRK_SOCKNAME_NULL, sockname_null, { 0, 1, 0 } },
	{ "poll_negative", QUIRK_POLL_NEGATIVE, poll_negative, { 0, 1, 0 } },
};

int
main(void)
{
	return quirks_run("api/quirks_null", cases, LEN(cases));
}
