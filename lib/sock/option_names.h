#ifndef SOCK_OPTION_NAMES_H
#define SOCK_OPTION_NAMES_H

/*
 * The name of a socket option for the log, "TLS_HOSTNAME" for (282, 2): every
 * one that the public headers have, whether or not some kind has a row for it.
 * NULL for any other.  A static string.
 */
const char *option_name(int level, int name);

#endif
