/*
 * The application's own file of Kconfig symbols.  It is included from here
 * because beside zsock/autoconf.h a name like "autoconf.h" would mean that one.
 */
#ifdef ZSOCK_AUTOCONF
#include ZSOCK_AUTOCONF
#endif
