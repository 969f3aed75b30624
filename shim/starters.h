#ifndef SHIM_STARTERS_H
#define SHIM_STARTERS_H

#include <stdbool.h>

/*
 * A child that is forked while another thread starts the core finds it half
 * made, with locks that nobody gives back: so fork waits for such threads.  But
 * the thread that forks may have locks that they want, an allocator's above all:
 * so it does not wait for those that stand still, and the child is torn.
 */

/* Around what starts the core; signals are blocked.  In between, forks wait. */
void starters_enter(void);
void starters_leave(void);

/* For one that waits for another one of them: it is in no fork's way. */
void starters_step_aside(void);

/* Is this a child from which the core has to be kept, for it is half made? */
bool starters_torn(void);

/* Called once. */
void starters_watch(void);

#endif
