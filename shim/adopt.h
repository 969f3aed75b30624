#ifndef SHIM_ADOPT_H
#define SHIM_ADOPT_H

#include <stdbool.h>

#include "shim/rules.h"

/*
 * Makes fd, a plain TCP socket, the core's, as rule says, and all numbers of
 * this process that stand for the same one.  0, or -1 and errno: it then is as
 * it was; but where one of its other numbers cannot be the core's, that one is
 * refused from now on.
 */
int adopt(int fd, const struct rule *rule, bool server);

#endif
