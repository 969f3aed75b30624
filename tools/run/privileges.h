#ifndef RUN_PRIVILEGES_H
#define RUN_PRIVILEGES_H

/*
 * Would the kernel tell the loader of this open program, when it is executed
 * here and now, that it must not trust its environment?  Then LD_PRELOAD is
 * dropped without a word.  NULL, or the reason, to follow the program's name.
 */
const char *privileges_why(int fd);

#endif
