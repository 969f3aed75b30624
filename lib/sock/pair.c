#include "sock/pair.h"

#include <errno.h>
#include <stddef.h>

#include "base/profile.h"
#include "sock/fdtable.h"

/* In the device's order. */
static int
check_arguments(int family, int type, int proto)
{
	if (family != AF_UNIX)
		return -EAFNOSUPPORT;
	if (type != SOCK_STREAM)
		return -EPROTOTYPE;
	return proto != 0 ? -EPROTONOSUPPORT : 0;
}

static int
reserve(int places[2])
{
	places[0] = fdtable_reserve();
	if (places[0] < 0)
		return places[0];
	places[1] = fdtable_reserve();
	if (places[1] >= 0)
		return 0;
	fdtable_cancel(places[0]);
	return places[1];
}

/* Hands the ends over to the table; both are gone if one finds no place. */
static int
install(const int places[2], struct zsock *ends[2], int sv[2])
{
	int numbers[2];

	numbers[0] = fdtable_install(places[0], ends[0]);
	numbers[1] = fdtable_install(places[1], ends[1]);
	if (numbers[0] >= 0 && numbers[1] >= 0) {
		sv[0] = numbers[0];
		sv[1] = numbers[1];
		return 0;
	}
	for (int i = 0; i < 2; i++) {
		if (numbers[i] >= 0)
			ends[i] = fdtable_remove(numbers[i]);
		if (ends[i] != NULL) /* unless somebody has closed it */
			sock_put(ends[i]);
	}
	return -ENFILE;
}

/* Memory comes before numbers: the device answers in that order. */
int
call_socketpair(int family, int type, int proto, int sv[2])
{
	const bool plain = profile_get() == PROFILE_LINUX;
	struct zsock *ends[2];
	int places[2], rc;

	if (!plain) {
		rc = check_arguments(family, type, proto);
		if (rc < 0)
			return rc;
	}
	if (sv == NULL)
		return -EFAULT;
	rc = plain ? pair_open_kernel(family, type, proto, ends)
	           : pair_open_ends(ends);
	if (rc < 0)
		return rc;
	rc = reserve(places);
	if (rc == 0)
		return install(places, ends, sv);
	sock_put(ends[0]);
	sock_put(ends[1]);
	return rc;
}
