#ifndef SUPPORT_TEST_H
#define SUPPORT_TEST_H

/* cmocka insists on these, in this order, before its own header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

#endif
