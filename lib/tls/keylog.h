#ifndef TLS_KEYLOG_H
#define TLS_KEYLOG_H

#include <openssl/ssl.h>

/*
 * What writes the secrets of every connection to the file that SSLKEYLOGFILE
 * names, in the format that Wireshark reads; NULL if it names none.
 */
SSL_CTX_keylog_cb_func tls_keylog(void);

#endif
