#ifndef MOCK_KERNEL_H
#define MOCK_KERNEL_H

/* What the module takes from the kernel; the test says what it does. */

#include <stdint.h>

int32_t k_msleep(int32_t ms);

#endif
