#ifndef SOCK_TLS_NAMES_H
#define SOCK_TLS_NAMES_H

/*
 * Zephyr's numbers of the secure socket options.  The public headers have them
 * too, for programs; api/ asserts that they agree.
 */
enum {
	TLS_LEVEL = 282,
	TLS_NAME_SEC_TAG_LIST = 1,
	TLS_NAME_HOSTNAME = 2,
	TLS_NAME_CIPHERSUITE_USED = 4,
	TLS_NAME_PEER_VERIFY = 5,
	TLS_NAME_CERT_VERIFY_RESULT = 19,
};

#endif
