#include "cred/shelf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

struct cred *
shelf_cred_new(int tag, int type, const void *data, size_t len)
{
	struct cred *c;

	if (len > SIZE_MAX - sizeof(*c))
		return NULL;
	c = malloc(sizeof(*c) + len);
	if (c == NULL)
		return NULL;
	memset(c, 0, sizeof(*c));
	atomic_init(&c->refs, 1);
	atomic_init(&c->lent_told, false);
	c->tag = tag;
	c->type = type;
	c->len = len;
	if (len > 0)
		memcpy(c->data, data, len);
	return c;
}

struct cred *
shelf_cred_ref(struct cred *c)
{
	atomic_fetch_add(&c->refs, 1);
	return c;
}

void
shelf_cred_put(struct cred *c)
{
	if (c == NULL || atomic_fetch_sub(&c->refs, 1) != 1)
		return;
	OPENSSL_cleanse(c->data, c->len);
	free(c);
}

struct shelf_place *
shelf_find(const struct shelf *s, int tag, int type)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->places[i].cred->tag == tag &&
		    s->places[i].cred->type == type)
			return &s->places[i];
	}
	return NULL;
}

size_t
shelf_visible(const struct shelf *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += !s->places[i].hidden;
	return n;
}

int
shelf_reserve(struct shelf *s, size_t more)
{
	struct shelf_place *places;
	size_t room;

	if (more <= s->room - s->n)
		return 0;
	if (more > SIZE_MAX / 2 - s->n)
		return -ENOMEM;
	room = 2 * (s->n + more); /* so that it grows seldom */
	places = reallocarray(s->places, room, sizeof(*places));
	if (places == NULL)
		return -ENOMEM;
	s->places = places;
	s->room = room;
	return 0;
}

void
shelf_append(struct shelf *s, struct shelf_place p)
{
	s->places[s->n++] = p;
}

struct cred *
shelf_take(struct shelf *s, struct shelf_place *p)
{
	struct cred *c = p->cred;
	const size_t behind = (size_t)(s->places + s->n - (p + 1));

	memmove(p, p + 1, behind * sizeof(*p));
	s->n--;
	return c;
}

int
shelf_copy(struct shelf *to, const struct shelf *from, size_t more)
{
	if (more > SIZE_MAX / 2 || shelf_reserve(to, from->n + more) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < from->n; i++) {
		shelf_append(to, from->places[i]);
		shelf_cred_ref(from->places[i].cred);
	}
	return 0;
}

void
shelf_fini(struct shelf *s)
{
	for (size_t i = 0; i < s->n; i++)
		shelf_cred_put(s->places[i].cred);
	free(s->places);
	*s = (struct shelf){ 0 };
}
