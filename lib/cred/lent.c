#include "cred/lent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "base/log.h"
#include "base/profile.h"

/*
 * The program may have freed the buffer, or given its memory back, so it is the
 * kernel that reads it: of an address that is none it says so.  By number, for
 * what checks memory would object to libc's call, and rightly.
 */
static bool
read_lent(const struct cred *c, void *buf)
{
	const struct iovec to = { buf, c->len };
	const struct iovec from = { (void *)(uintptr_t)c->lent, c->len };

	return syscall(SYS_process_vm_readv, getpid(), &to, 1UL, &from, 1UL,
	           0UL) == (long)c->len;
}

static bool
has_changed(const struct cred *c)
{
	unsigned char *now = malloc(c->len);
	bool changed;

	if (now == NULL)
		return false; /* the connection that comes will tell */
	changed = read_lent(c, now) && memcmp(now, c->data, c->len) != 0;
	OPENSSL_cleanse(now, c->len);
	free(now);
	return changed;
}

static void
look_at(struct cred *c)
{
	char what[128];

	if (c->lent == NULL || c->len == 0 || atomic_load(&c->lent_told) ||
	    !has_changed(c) || atomic_exchange(&c->lent_told, true))
		return;
	(void)snprintf(what, sizeof(what),
	    "sec_tag %d: the %s is used as it was added, and its buffer has "
	    "changed since", /* cut if need be */
	    c->tag, cred_type_name(c->type));
	profile_hazard(what, "keeps the pointer and uses what is there now");
}

void
lent_look(const struct cred_set *set)
{
	const int saved = errno;

	if (!log_wants(LOG_WARN) || !quirk(QUIRK_CRED_POINTER_KEPT))
		return;
	for (size_t i = 0; i < set->n; i++)
		look_at(set->creds[i]);
	errno = saved;
}
