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
	assert_int_equal(quirks_hazards(), 5 * hazards);
	return hazards;
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
poll_negative(void)
{
	struct zsock_pollfd fd = { .fd = -1 };

	assert_errno(zsock_poll(&fd, -1, 0), EINVAL);
	return quirks_hazards();
}

static const struct quirk_case cases[] = {
	{ "null_pointer", QUIRK_NULL_POINTER, null_pointer, { 1, 1, 0 } },
	{ "sockname_null", QUIRK_SOCKNAME_NULL, sockname_null, { 0, 1, 0 } },
	{ "poll_negative", QUIRK_POLL_NEGATIVE, poll_negative, { 0, 1, 0 } },
};

int
main(void)
{
	return quirks_run("api/quirks_null", cases, LEN(cases));
}
