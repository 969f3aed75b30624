#ifndef CORE_KERNEL_H
#define CORE_KERNEL_H

#include <signal.h>

#include "base/kernel.h"

/* libc's calls for the library, of which those that may sleep are outside. */
const struct kernel *kernel_outside(const struct kernel *libc);

/* What the thread's next sleeps in poll let through; NULL is nothing special. */
void kernel_poll_mask(const sigset_t *mask);

#endif
