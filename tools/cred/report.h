#ifndef CRED_REPORT_H
#define CRED_REPORT_H

#include "place.h"

/*
 * On standard error: "2 added, 1 replaced; generation 7", and what in a process
 * still has the old values.
 */
void report_change(const struct place *p, const struct place_result *r);

/* The STORE "-", which writes a bundle even if nothing has changed. */
bool is_stream(const struct place *p);

#endif
