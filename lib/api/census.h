#ifndef API_CENSUS_H
#define API_CENSUS_H

#include "cred/control.h"

/* What the control socket tells of sockets; in force before main. */
extern const struct control_census census;

#endif
