#include "cred/types.h"

#include <string.h>
#include <strings.h>

#include "cred/store.h"

/* Of each type the name that is written comes first. */
static const struct {
	const char *name;
	enum cred_type type;
} names[] = {
	{ "CA", CRED_CA_CERTIFICATE },
	{ "CA_CERT", CRED_CA_CERTIFICATE },
	{ "ROOT_CA_CERT", CRED_CA_CERTIFICATE },
	{ "SERV", CRED_CERTIFICATE },
	{ "SERVER_CERT", CRED_CERTIFICATE },
	{ "CLIENT_CERT", CRED_CERTIFICATE },
	{ "SELF_CERT", CRED_CERTIFICATE },
	{ "SELF", CRED_CERTIFICATE },
	{ "CLIENT", CRED_CERTIFICATE },
	{ "PK", CRED_PRIVATE_KEY },
	{ "PRIVATE_KEY", CRED_PRIVATE_KEY },
	{ "CLIENT_KEY", CRED_PRIVATE_KEY },
	{ "PSK", CRED_PSK },
	{ "PRE_SHARED_KEY", CRED_PSK },
	{ "PSK_ID", CRED_PSK_ID },
	{ "PRE_SHARED_KEY_ID", CRED_PSK_ID },
	{ "IDENTITY", CRED_PSK_ID },
	{ "PK_PSA", CRED_PRIVATE_KEY_PSA },
	{ "PRIVATE_KEY_PSA", CRED_PRIVATE_KEY_PSA },
};

#define COUNT (sizeof(names) / sizeof(names[0]))

int
cred_types_find(const char *name, size_t len)
{
	for (size_t i = 0; i < COUNT; i++) {
		if (strlen(names[i].name) == len &&
		    strncasecmp(names[i].name, name, len) == 0)
			return names[i].type;
	}
	return CRED_NONE;
}

const char *
cred_types_short(int type)
{
	for (size_t i = 0; i < COUNT; i++) {
		if ((int)names[i].type == type)
			return names[i].name;
	}
	return NULL;
}
