#include "modem.h"

#include "cred/store.h"

static const int types[MODEM_TYPES] = { CRED_CA_CERTIFICATE, CRED_CERTIFICATE,
	CRED_PRIVATE_KEY, CRED_PSK, CRED_PSK_ID };

int
modem_type(unsigned long long number)
{
	return types[number];
}

int
modem_number(int type)
{
	for (int i = 0; i < MODEM_TYPES; i++) {
		if (types[i] == type)
			return i;
	}
	return -1;
}
