#include "tls/record.h"

#include <string.h>

/* RFC 8446, 5.1: the most data of a record. */
#define DATA_MAX 16384

/* Every cipher that there is adds so much at least: a tag, or a MAC. */
#define TAG_MIN 8

static size_t
length_of(const struct tls_record *r)
{
	return (size_t)r->header[3] << 8 | r->header[4];
}

/* A record without a body is over with its header. */
static void
end_if_over(struct tls_record *r)
{
	if (r->nheader == TLS_RECORD_HEADER && r->left == 0)
		r->nheader = 0;
}

void
tls_record_pass(struct tls_record *r, const void *data, size_t n)
{
	const unsigned char *p = data;

	while (n > 0) {
		size_t some = TLS_RECORD_HEADER - r->nheader;

		if (some > 0) {
			some = some < n ? some : n;
			memcpy(r->header + r->nheader, p, some);
			r->nheader += some;
			if (r->nheader == TLS_RECORD_HEADER)
				r->left = length_of(r);
		} else {
			some = r->left < n ? r->left : n;
			r->left -= some;
		}
		end_if_over(r);
		p += some;
		n -= some;
	}
}

size_t
tls_record_most_data(const struct tls_record *r)
{
	const size_t len = length_of(r), adds = r->adds > 0 ? r->adds : TAG_MIN;

	if (len <= adds)
		return 0;
	return len - adds < DATA_MAX ? len - adds : DATA_MAX;
}
