#include "sock/tls_retry.h"

#include <string.h>

#include "base/config.h"

/* Odd, and its bits are evenly spread. */
#define MULTIPLIER UINT64_C(0x9e3779b97f4a7c15)

/* What of the message a device would take first: one record's data at most. */
static size_t
first_record(const struct msghdr *m, const unsigned char **data)
{
	const int limit = config_get()->max_record;
	const size_t most = limit != 0 ? (size_t)limit : CONFIG_RECORD_MAX;

	for (size_t i = 0; i < m->msg_iovlen; i++) {
		const size_t len = m->msg_iov[i].iov_len;

		if (len == 0)
			continue;
		*data = m->msg_iov[i].iov_base;
		return len < most ? len : most;
	}
	return 0;
}

/* Tells data apart; it keeps nothing secret. */
static uint64_t
digest(const unsigned char *p, size_t len)
{
	uint64_t d = len, word;

	for (; len > 0; p += sizeof(word), len -= sizeof(word)) {
		word = 0;
		if (len < sizeof(word)) {
			memcpy(&word, p, len);
			return (d ^ word) * MULTIPLIER;
		}
		memcpy(&word, p, sizeof(word));
		d = (d ^ word) * MULTIPLIER;
		d ^= d >> 32;
	}
	return d;
}

void
tls_retry_note(struct tls_retry *r, const struct msghdr *m)
{
	const unsigned char *data;
	const size_t len = r->told ? 0 : first_record(m, &data);

	if (len == 0)
		return;
	r->len = len;
	r->digest = digest(data, len);
}

bool
tls_retry_differs(struct tls_retry *r, const struct msghdr *m)
{
	const unsigned char *data;
	size_t len;

	if (r->len == 0)
		return false;
	len = first_record(m, &data);
	if (len == 0)
		return false;
	r->told = len != r->len || digest(data, len) != r->digest;
	r->len = 0;
	return r->told;
}
