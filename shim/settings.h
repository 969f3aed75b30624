#ifndef SHIM_SETTINGS_H
#define SHIM_SETTINGS_H

#include <stdbool.h>

#include "shim/rules.h"

/* What the environment asks of the shim itself. */
struct settings {
	bool adopt;   /* every socket of the internet is the core's */
	bool lookups; /* and the names of hosts are, too */
	bool hosts;   /* ZSOCK_HOSTS */
	bool early;   /* the core is to be there from the start */
	struct rules connect, listen;
	/* Copies of all of ours, NAME=VALUE and a NULL behind them. */
	const char *const *variables;
};

/*
 * Read once, at the first call.  A rule that is none ends the process with 78,
 * as a wrong setting of the library's does.
 */
const struct settings *settings_get(void);

#endif
