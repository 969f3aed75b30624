#ifndef CORE_FORKED_H
#define CORE_FORKED_H

/*
 * fork tells the library, but clone and _Fork do not: a word of memory that the
 * kernel wipes in every child that has memory of its own tells of these.
 */
void forked_watch(void);

/* The first call in such a child does what fork would have done. */
void forked_check(void);

#endif
