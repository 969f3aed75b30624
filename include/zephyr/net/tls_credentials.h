#ifndef ZEPHYR_NET_TLS_CREDENTIALS_H
#define ZEPHYR_NET_TLS_CREDENTIALS_H

/*
 * The store of certificates and keys, shared by the whole process.  A secure
 * socket names what it uses by tag, with the option TLS_SEC_TAG_LIST.  All
 * calls are safe from any thread; they do not block beyond the store's lock,
 * which is never held for long, and leave errno alone.
 */

#include <stddef.h>

#include <zsock/api.h>

/* What belongs together, a certificate and its key, say, has one tag. */
typedef int sec_tag_t;

#define SEC_TAG_TLS_INVALID (-1)

enum tls_credential_type {
	TLS_CREDENTIAL_NONE = 0,
	TLS_CREDENTIAL_CA_CERTIFICATE = 1,
	TLS_CREDENTIAL_PUBLIC_CERTIFICATE = 2,
	TLS_CREDENTIAL_SERVER_CERTIFICATE = 2, /* its name up to 4.1 */
	TLS_CREDENTIAL_PRIVATE_KEY = 3,
	TLS_CREDENTIAL_PSK = 4,
	TLS_CREDENTIAL_PSK_ID = 5,
	TLS_CREDENTIAL_PRIVATE_KEY_PSA = 6
};

ZSOCK_BEGIN_DECLS

/*
 * Store credlen bytes of cred under (tag, type).  They are copied, so cred need
 * not outlive the call; a device keeps the pointer instead.  Nothing is parsed
 * here: a bad certificate is refused when a socket is told to use the tag.
 *
 * Certificates and keys are DER or PEM.  PEM must be counted with its final
 * NUL, strlen(pem) + 1: without it the text is taken for DER (Zephyr docs).
 * Private keys have no password.
 *
 * Where the pair came from a bundle of the mode override, zsock(7), the bundle's
 * value stays: the answer is 0, and a warning says so once.
 *
 * Returns 0, or
 *   -EINVAL  type is TLS_CREDENTIAL_NONE, or cred is NULL and credlen is not 0
 *   -EEXIST  (tag, type) is taken; delete it first
 *   -ENOMEM  there is no memory for the copy, or the limits of the target that
 *            are in force have no room for it (Zephyr)
 */
ZSOCK_API int tls_credential_add(sec_tag_t tag, enum tls_credential_type type,
    const void *cred, size_t credlen);

/*
 * Copy the credential stored under (tag, type) into cred.
 *
 * On entry *credlen is the room in cred, in bytes; on success it is the length
 * of the credential, which is not NUL-terminated unless it was stored so.  A
 * NULL cred with *credlen == 0 asks for the length alone: the answer is -EFBIG.
 *
 * Returns 0, or
 *   -EINVAL  credlen is NULL, or cred is NULL and *credlen is not 0
 *   -ENOENT  nothing is stored under (tag, type); *credlen is now 0
 *   -EFBIG   it does not fit; *credlen is now the room it needs, cred is
 *            untouched
 * In the profile zephyr-3.3 a failure leaves *credlen as it was.
 */
ZSOCK_API int tls_credential_get(sec_tag_t tag, enum tls_credential_type type,
    void *cred, size_t *credlen);

/*
 * Forget the credential stored under (tag, type), and wipe it.  Sockets that
 * are connected keep what they were connected with; a listener looks its tags
 * up anew for each connection.  A value of a bundle of the mode override is
 * kept aside until the pair is added again.
 *
 * Returns 0, or
 *   -ENOENT  nothing is stored under (tag, type)
 */
ZSOCK_API int tls_credential_delete(sec_tag_t tag,
    enum tls_credential_type type);

ZSOCK_END_DECLS

#endif
