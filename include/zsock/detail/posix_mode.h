#ifndef ZSOCK_DETAIL_POSIX_MODE_H
#define ZSOCK_DETAIL_POSIX_MODE_H

/*
 * POSIX names: in a source that defines CONFIG_NET_SOCKETS_POSIX_NAMES or
 * CONFIG_POSIX_API, close() is the library's.  It is declared once more with
 * the library's symbol, and is not a macro: a macro would rename a struct's
 * member named close as well.  ZSOCK_POSIX_BIND(close) does it for a function
 * that has been declared, ZSOCK_POSIX_SYMBOL(close) ends a declaration.
 */

#if defined(CONFIG_NET_SOCKETS_POSIX_NAMES) || defined(CONFIG_POSIX_API)
#define ZSOCK_POSIX_NAMES 1

#include <features.h>

#include <zsock/zsock.h>

#if __USE_FORTIFY_LEVEL > 0
#error "_FORTIFY_SOURCE makes read, recv and poll bypass libzsock: put \
-U_FORTIFY_SOURCE after every -D of it on the command line, or use the flags \
of pkg-config --cflags zsock-firmware there"
#endif
#ifdef __USE_FILE_OFFSET64
#error "_FILE_OFFSET_BITS=64 makes fcntl bypass libzsock: put \
-U_FILE_OFFSET_BITS after every -D of it on the command line, or use the flags \
of pkg-config --cflags zsock-firmware there"
#endif

#define ZSOCK_POSIX_SYMBOL(name) __asm__("zsock_posix_" #name)
/* <unistd.h> may come later, and C++ compares exception specifications. */
#ifdef __cplusplus
#define ZSOCK_POSIX_SYMBOL_NOTHROW(name) __THROW ZSOCK_POSIX_SYMBOL(name)
#else
#define ZSOCK_POSIX_SYMBOL_NOTHROW(name) ZSOCK_POSIX_SYMBOL(name)
#endif
#define ZSOCK_POSIX_BIND(name) \
	extern __typeof__(name) name ZSOCK_POSIX_SYMBOL(name)

/* Files and sockets share one number space wherever a source mixes them. */
static void __attribute__((constructor(101), unused))
zsock_posix_names_unit(void)
{
	zsock_use_kernel_numbers();
}
#endif

#endif
