#include "sock/fork.h"

#include <pthread.h>
#include <stddef.h>

#include "base/hosts.h"
#include "base/limits.h"
#include "cred/control.h"
#include "cred/load.h"
#include "cred/store.h"
#include "sock/fdtable.h"
#include "sock/names.h"
#include "sock/share.h"
#include "sock/sock.h"
#include "tls/context.h"

atomic_uint sock_forks;

static void (*on_child)(void); /* set before there are sockets */

atomic_int sock_shareable;

static void
part(struct zsock *s, int sock, void *arg)
{
	const struct zsock_ops *ops = s->ops;

	(void)sock;
	(void)arg;
	if (ops->forking != NULL)
		ops->forking(s);
}

/*
 * What fork copies.  A lock that another thread holds at that moment would stay
 * locked in the child for ever, so the locks of the library are taken before
 * and given back after: that of loading, the control socket's, contexts',
 * sessions', credentials', sockets', the table's, names', limits'.  Who holds
 * one of these takes only such as are behind it: what is loaded is stored, and
 * the thread of the control socket stores, lists and looks at sockets.  Sockets'
 * own locks are too many for that: see the kinds' forked.  base/resolver.c and
 * api/service.c, whose threads a child has not, look after themselves once they
 * are used.
 */
static void
before(void)
{
	/* Without the table's lock, for the last reference may go. */
	if (atomic_load(&sock_shareable) > 0)
		fdtable_each(part, NULL);
	load_freeze();
	control_freeze();
	tls_context_freeze();
	store_freeze();
	names_freeze();
	sock_freeze();
	fdtable_freeze();
	hosts_freeze();
	limits_freeze();
}

static void
thaw(void)
{
	limits_thaw();
	hosts_thaw();
	fdtable_thaw();
	sock_thaw();
	names_thaw();
	store_thaw();
	tls_context_thaw();
	control_thaw();
	load_thaw();
}

static void
in_parent(void)
{
	atomic_fetch_add(&sock_forks, 1);
	thaw();
}

/*
 * The references of the parent's other threads were copied, but not the
 * threads: only the table's own are left, one a number, and that of
 * fdtable_each.
 */
static void
inherit(struct zsock *s, int sock, void *arg)
{
	(void)sock;
	(void)arg;
	atomic_store(&s->refs, atomic_load(&s->names) + 1);
	if (s->ops->forked != NULL)
		s->ops->forked(s);
}

static void
inherit_all(void)
{
	share_forked();
	control_forked();
	fdtable_each(inherit, NULL);
	if (on_child != NULL)
		on_child();
}

static void
in_child(void)
{
	in_parent();
	inherit_all();
}

void
fork_on_child(void (*fn)(void))
{
	on_child = fn;
}

void
fork_unseen(void)
{
	atomic_fetch_add(&sock_forks, 1);
	inherit_all();
}

/* Credentials may be stored, and forks happen, before there is any socket. */
__attribute__((constructor)) static void
watch(void)
{
	/* Fails only without memory, and then there is nobody to tell. */
	(void)pthread_atfork(before, in_parent, in_child);
}
