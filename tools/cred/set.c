#include "set.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "cred/bundle_disk.h"
#include "cred/store.h"

bool
type_is_secret(int type)
{
	return type == CRED_PRIVATE_KEY || type == CRED_PSK ||
	    type == CRED_PRIVATE_KEY_PSA;
}

bool
value_is_secret(int type, const void *data, size_t len)
{
	return type_is_secret(type) ||
	    (data != NULL && bundle_disk_has_key(data, len));
}

static bool
make_room(struct set *s)
{
	const size_t room = s->room == 0 ? 16 : s->room * 2;
	struct item *items;

	if (s->n < s->room)
		return true;
	items = realloc(s->items, room * sizeof(*items));
	if (items == NULL)
		return false;
	s->items = items;
	s->room = room;
	return true;
}

struct item *
set_add(struct set *s, int tag, int type, const void *data, size_t len)
{
	struct item item = { .tag = tag, .type = type, .len = len };

	item.origin = "file";
	if (!make_room(s))
		return NULL;
	if (data != NULL) {
		if (!bundle_digest(data, len, item.digest))
			return NULL;
		/* A value of no bytes is one that can be seen. */
		item.data = malloc(len == 0 ? 1 : len);
		if (item.data == NULL)
			return NULL;
		memcpy(item.data, data, len);
	}
	s->items[s->n] = item;
	return &s->items[s->n++];
}

struct item *
set_find(const struct set *s, int tag, int type)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->items[i].tag == tag && s->items[i].type == type)
			return &s->items[i];
	}
	return NULL;
}

/* By insertion, which is stable; most sets are in order before. */
void
set_sort(struct set *s)
{
	for (size_t i = 1; i < s->n; i++) {
		const struct item item = s->items[i];
		size_t at = i;

		while (at > 0 && s->items[at - 1].tag > item.tag)
			at--;
		if (at == i)
			continue;
		memmove(&s->items[at + 1], &s->items[at],
		    (i - at) * sizeof(item));
		s->items[at] = item;
	}
}

bool
item_is_same(const struct item *a, const struct item *b)
{
	return b != NULL && a->data != NULL && b->data != NULL &&
	    a->len == b->len && CRYPTO_memcmp(a->data, b->data, a->len) == 0;
}

void
item_fini(struct item *i)
{
	if (i->data != NULL)
		OPENSSL_cleanse(i->data, i->len);
	free(i->data);
	i->data = NULL;
}

void
set_fini(struct set *s)
{
	for (size_t i = 0; i < s->n; i++)
		item_fini(&s->items[i]);
	free(s->items);
	*s = (struct set){ .n = 0 };
}
