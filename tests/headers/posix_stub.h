#ifndef HEADERS_POSIX_STUB_H
#define HEADERS_POSIX_STUB_H

/* The name of the stub that was called last, and "" after stub_forget. */
extern const char *stub_hit;

/* How often zsock_use_kernel_numbers was called. */
extern int stub_kernel_numbers;

#endif
