/*
 * What a client of the control socket sends: any bytes, to a process that holds
 * something.  The first byte is the level.  Each answer is frames again, none of
 * which gives out a secret below the level for it.
 */
#include "support/test.h"

#include <stdlib.h>
#include <string.h>

#include "cred/control_answer.h"
#include "cred/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char secret[] = "this is the secret";

static void
reset(void)
{
	struct cred_set *set;
	uint64_t generation;

	if (store_list(&set, &generation) < 0)
		abort();
	for (size_t i = 0; i < set->n; i++)
		(void)store_delete(set->creds[i]->tag, set->creds[i]->type);
	store_set_put(set);
	if (store_add(1, CRED_CA_CERTIFICATE, "root", 4) < 0 ||
	    store_add(2, CRED_PSK, secret, sizeof(secret)) < 0 ||
	    store_add(2, CRED_PSK_ID, "id", 2) < 0)
		abort();
}

static void
check(const struct wire_frame *out, enum wire_level level)
{
	struct wire_head head;
	struct wire_field f;
	size_t at = 0, i;
	int rc;

	while (at < out->b.len) {
		if (out->b.len - at < WIRE_HEAD ||
		    !wire_read_head(out->b.data + at, &head) || head.type < 129)
			abort();
		at += WIRE_HEAD;
		if (head.len > out->b.len - at)
			abort();
		i = 0;
		while (
		    (rc = wire_next(out->b.data + at, head.len, &i, &f)) == 1)
			continue;
		if (rc < 0)
			abort();
		at += head.len;
	}
	if (level < WIRE_LEVEL_FULL && out->b.len > 0 &&
	    memmem(out->b.data, out->b.len, secret, sizeof(secret)) != NULL)
		abort();
}

/* The frames of a connection, as the server reads them. */
static void
serve(const uint8_t *data, size_t size, const struct control_peer *peer)
{
	struct wire_reader r = { 0 };
	struct wire_frame out = { 0 };
	unsigned char *to;
	size_t n;
	int rc = 0;

	while (rc >= 0 && size > 0) {
		to = wire_read_room(&r, &n);
		if (to == NULL)
			abort();
		n = n < size ? n : size;
		memcpy(to, data, n);
		data += n;
		size -= n;
		rc = wire_read(&r, n);
		if (rc != 1)
			continue;
		rc = control_answer(&r.head, r.body.data, peer, &out);
		if (rc == 0 && out.b.len == 0)
			abort();
		if (rc == 0)
			check(&out, peer->self->level);
		wire_read_fini(&r);
		wire_fini(&out);
	}
	wire_read_fini(&r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct control_self self = { .pid = 1, .name = "fw" };
	const struct control_peer peer = { .self = &self };

	if (size == 0)
		return 0;
	reset();
	self.level = (enum wire_level)(1 + data[0] % 3);
	serve(data + 1, size - 1, &peer);
	return 0;
}
