#include "base/err.h"

#include <errno.h>
#include <string.h>

ssize_t
err_edge(ssize_t rc)
{
	if (rc >= 0)
		return rc;
	errno = (int)-rc;
	return -1;
}

ssize_t
err_from_kernel(ssize_t rc)
{
	return rc == -1 ? -errno : rc;
}

int
err_from_open(int rc)
{
	if (rc != -1)
		return rc;
	return errno == EMFILE ? -ENFILE : -errno;
}

const char *
err_name(int error)
{
	const char *name = strerrorname_np(error);

	return name != NULL ? name : "an unknown errno";
}
