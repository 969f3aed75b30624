#include "base/err.h"

#include <errno.h>
#include <string.h>

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
