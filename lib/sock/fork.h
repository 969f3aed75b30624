#ifndef SOCK_FORK_H
#define SOCK_FORK_H

/* Called in each child of fork, once its sockets are its own. */
void fork_on_child(void (*fn)(void));

/*
 * This process is a child that fork has not made: clone, say.  Does what fork
 * does in a child, but for the locks that other threads had.
 */
void fork_unseen(void);

#endif
