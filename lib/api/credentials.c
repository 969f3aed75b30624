#include <errno.h>

#include <zephyr/net/tls_credentials.h>

#include "base/log.h"
#include "base/profile.h"
#include "cred/load.h"
#include "cred/store.h"
#include "tls/context.h"

_Static_assert((int)CRED_NONE == TLS_CREDENTIAL_NONE &&
        (int)CRED_CA_CERTIFICATE == TLS_CREDENTIAL_CA_CERTIFICATE &&
        (int)CRED_CERTIFICATE == TLS_CREDENTIAL_PUBLIC_CERTIFICATE &&
        (int)CRED_PRIVATE_KEY == TLS_CREDENTIAL_PRIVATE_KEY &&
        (int)CRED_PSK == TLS_CREDENTIAL_PSK &&
        (int)CRED_PSK_ID == TLS_CREDENTIAL_PSK_ID &&
        (int)CRED_PRIVATE_KEY_PSA == TLS_CREDENTIAL_PRIVATE_KEY_PSA,
    "credential types");

/* Before main: no change of the store may be missed. */
__attribute__((constructor)) static void
watch(void)
{
	store_watch(tls_context_forget);
}

int
tls_credential_add(sec_tag_t tag, enum tls_credential_type type,
    const void *cred, size_t credlen)
{
	if (cred == NULL && credlen > 0) {
		log_line(LOG_WARN,
		    "tls_credential_add: sec_tag %d: NULL with a length of "
		    "%zu; the device would crash when it uses it",
		    tag, credlen);
		return -EINVAL;
	}
	if (type == TLS_CREDENTIAL_NONE) {
		if (quirk(QUIRK_CRED_NO_TYPE))
			profile_hazard("tls_credential_add of type NONE",
			    "takes it as the mark of a free slot and loses "
			    "the credential");
		return -EINVAL;
	}
	load_ready();
	return store_add(tag, (int)type, cred, credlen);
}

int
tls_credential_get(sec_tag_t tag, enum tls_credential_type type, void *cred,
    size_t *credlen)
{
	size_t len;
	int rc;

	if (credlen == NULL || (cred == NULL && *credlen > 0))
		return -EINVAL;
	load_ready();
	len = *credlen;
	rc = store_copy(tag, (int)type, cred, &len);
	if (rc == 0 || !quirk(QUIRK_CRED_LENGTH_KEPT))
		*credlen = len;
	return rc;
}

int
tls_credential_delete(sec_tag_t tag, enum tls_credential_type type)
{
	int rc;

	load_ready();
	rc = store_delete(tag, (int)type);
	if (rc == 0)
		tls_context_forget(tag, (int)type);
	return rc;
}
