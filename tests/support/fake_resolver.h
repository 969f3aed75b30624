#ifndef SUPPORT_FAKE_RESOLVER_H
#define SUPPORT_FAKE_RESOLVER_H

#include <stdbool.h>

/*
 * A resolver that answers what it is told to, in place of the host's.  Calls
 * about numbers and services (AI_NUMERICHOST, no host) still go to libc.
 */
void fake_resolver_install(void);

/* Lets everybody go, waits for the last thread, checks that nothing leaked. */
void fake_resolver_remove(void);

/*
 * What a query of that family (AF_UNSPEC: of any that is not set) gets: a code,
 * with its errno, or 0 and addresses, as text with blanks between.
 */
void fake_resolver_answer(int family, int code, int err, const char *addresses);

/* Queries do not return until the hold ends. */
void fake_resolver_hold(bool hold);

/* How many queries there were, and which thread made the last. */
int fake_resolver_count(void);
bool fake_resolver_was_here(void);

#endif
