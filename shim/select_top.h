#ifndef SHIM_SELECT_TOP_H
#define SHIM_SELECT_TOP_H

/*
 * The first argument of select: some programs give the most descriptors that
 * they could have, and sets that are shorter.  The kernel looks at no more than
 * it has places for, which the core's own descriptors make more of: so it is at
 * most one more than the highest that the program has open, and than fits into
 * an fd_set.  Leaves errno alone.
 */
int select_top(int n);

#endif
