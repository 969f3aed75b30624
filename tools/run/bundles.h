#ifndef RUN_BUNDLES_H
#define RUN_BUNDLES_H

/*
 * Can each of these bundles be read, and all of them be loaded?  Names are
 * separated by colons; NULL is none.  The limits in force count.  Returns an
 * outcome, and has said why unless it is DONE.
 */
int bundles_check(const char *names);

#endif
