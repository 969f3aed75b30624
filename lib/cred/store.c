#include "cred/store.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/limits.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct cred *creds;   /* guarded by lock; oldest first */
static int count;            /* guarded by lock; entries in creds */
static uint64_t last_serial; /* guarded by lock */

void
store_freeze(void)
{
	pthread_mutex_lock(&lock);
}

void
store_thaw(void)
{
	pthread_mutex_unlock(&lock);
}

static struct cred *
cred_new(int tag, int type, const void *data, size_t len)
{
	struct cred *c;

	if (len > SIZE_MAX - sizeof(*c))
		return NULL;
	c = malloc(sizeof(*c) + len);
	if (c == NULL)
		return NULL;
	atomic_init(&c->refs, 1);
	c->next = NULL;
	c->tag = tag;
	c->type = type;
	c->len = len;
	if (len > 0)
		memcpy(c->data, data, len);
	return c;
}

static void
cred_put(struct cred *c)
{
	if (c == NULL || atomic_fetch_sub(&c->refs, 1) != 1)
		return;
	OPENSSL_cleanse(c->data, c->len);
	free(c);
}

/* The link that holds (tag, type), or the one at the end of the list. */
static struct cred **
find_locked(int tag, int type)
{
	struct cred **link = &creds;

	while (*link != NULL && ((*link)->tag != tag || (*link)->type != type))
		link = &(*link)->next;
	return link;
}

int
store_add(int tag, int type, const void *data, size_t len)
{
	struct cred *c, **link;
	int rc = 0;

	limits_from_environment();
	c = cred_new(tag, type, data, len);
	if (c == NULL)
		return -ENOMEM;

	pthread_mutex_lock(&lock);
	link = find_locked(tag, type);
	if (*link != NULL) {
		rc = -EEXIST;
		goto out;
	}
	if (count >= limit_get(LIMIT_CREDENTIALS, INT_MAX)) {
		rc = -ENOMEM;
		goto out;
	}
	c->serial = ++last_serial;
	*link = c;
	count++;
	c = NULL; /* the list owns it now */
out:
	pthread_mutex_unlock(&lock);
	cred_put(c);
	if (rc == -ENOMEM)
		limit_exceeded(LIMIT_CREDENTIALS, "tls_credential_add");
	return rc;
}

int
store_copy(int tag, int type, void *buf, size_t *len)
{
	const struct cred *c;
	int rc = 0;

	pthread_mutex_lock(&lock);
	c = *find_locked(tag, type);
	if (c == NULL) {
		*len = 0;
		rc = -ENOENT;
		goto out;
	}
	if (c->len > *len)
		rc = -EFBIG;
	else if (c->len > 0)
		memcpy(buf, c->data, c->len);
	*len = c->len;
out:
	pthread_mutex_unlock(&lock);
	return rc;
}

int
store_delete(int tag, int type)
{
	struct cred *c, **link;

	pthread_mutex_lock(&lock);
	link = find_locked(tag, type);
	c = *link;
	if (c != NULL) {
		*link = c->next;
		count--;
	}
	pthread_mutex_unlock(&lock);
	if (c == NULL)
		return -ENOENT;
	cred_put(c);
	return 0;
}

size_t
store_find(int type, int *tags, size_t n)
{
	size_t found = 0;

	pthread_mutex_lock(&lock);
	for (const struct cred *c = creds; c != NULL && found < n;
	     c = c->next) {
		if (c->type == type)
			tags[found++] = c->tag;
	}
	pthread_mutex_unlock(&lock);
	return found;
}

/* Appends the tag's credentials to set if it is not NULL; counts them. */
static size_t
collect_locked(int tag, struct cred_set *set)
{
	size_t n = 0;

	for (struct cred *c = creds; c != NULL; c = c->next) {
		if (c->tag != tag)
			continue;
		n++;
		if (set != NULL) {
			atomic_fetch_add(&c->refs, 1);
			set->creds[set->n++] = c;
		}
	}
	return n;
}

int
store_collect(const int *tags, size_t n, struct cred_set **out, int *missing)
{
	struct cred_set *set;
	size_t total = 0, found;
	int rc = 0;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < n; i++) {
		found = collect_locked(tags[i], NULL);
		if (found == 0) {
			*missing = tags[i];
			rc = -ENOENT;
			goto out;
		}
		total += found;
	}
	set = malloc(sizeof(*set) + total * sizeof(struct cred *));
	if (set == NULL) {
		rc = -ENOMEM;
		goto out;
	}
	set->n = 0;
	for (size_t i = 0; i < n; i++)
		(void)collect_locked(tags[i], set); /* counted above */
	*out = set;
out:
	pthread_mutex_unlock(&lock);
	return rc;
}

void
store_set_put(struct cred_set *set)
{
	if (set == NULL)
		return;
	for (size_t i = 0; i < set->n; i++)
		cred_put(set->creds[i]);
	free(set);
}

const char *
cred_type_name(int type)
{
	switch (type) {
	case CRED_CA_CERTIFICATE:
		return "CA certificate";
	case CRED_CERTIFICATE:
		return "certificate";
	case CRED_PRIVATE_KEY:
		return "private key";
	case CRED_PSK:
		return "PSK";
	case CRED_PSK_ID:
		return "PSK identity";
	case CRED_PRIVATE_KEY_PSA:
		return "private key in PSA";
	default:
		return "credential of unknown type";
	}
}
