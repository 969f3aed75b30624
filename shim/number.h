#ifndef SHIM_NUMBER_H
#define SHIM_NUMBER_H

/* close(2), for the calls that lead to it; a name that nobody interposes. */
int number_close(int fd);

/* The same with the result of syscall(2); for the jump of syscall.c. */
long number_close_long(int fd);

#endif
