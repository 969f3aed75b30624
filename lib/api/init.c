#include <errno.h>

#include <zsock/zsock.h>

#include "base/config.h"
#include "base/err.h"
#include "base/hosts.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/profile.h"
#include "sock/fdtable.h"

static int
bad(const char *what)
{
	log_line(LOG_ERROR, "zsock_init: %s", what);
	return -EINVAL;
}

/* What can be refused is looked at before anything is changed. */
static int
init(const struct zsock_init_params *p)
{
	int profile = -1, rc = 0;
	char why[512];

	if (p == NULL)
		return bad("params is NULL");
	if (fdtable_fixed()) {
		log_line(LOG_ERROR,
		    "zsock_init: a socket was made already; call it first");
		return -EBUSY;
	}
	if (p->profile != NULL) {
		profile = profile_parse(p->profile);
		if (profile < 0)
			return bad(PROFILE_NAMES);
	}
	if (p->fd_base < -1 || p->fd_base > CONFIG_FD_BASE_MAX)
		return bad("fd_base is " CONFIG_FD_BASE_WANT);
	limits_from_environment(); /* first, so that the program's counts */
	if (p->limits != NULL)
		rc = limits_load(p->limits, why, sizeof(why));
	if (rc == 0 && p->hosts != NULL)
		rc = hosts_load(p->hosts, why, sizeof(why));
	if (rc < 0) {
		log_line(LOG_ERROR, "zsock_init: %s", why);
		return rc;
	}
	if (p->fd_base >= 0)
		rc = fdtable_set_base(p->fd_base);
	if (rc == 0 && profile >= 0)
		profile_set((enum profile)profile);
	return rc;
}

int
zsock_init(const struct zsock_init_params *params)
{
	return (int)err_edge(init(params));
}

/* The environment's file must not come later and set it back. */
int
zsock_set_limit(const char *symbol, int value)
{
	if (symbol == NULL)
		return (int)err_edge(-EINVAL);
	limits_from_environment();
	return (int)err_edge(limits_set(symbol, value));
}
