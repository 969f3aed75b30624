#include "sock/tls_hold.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <stdint.h>

#include "base/kernel.h"
#include "sock/fdtable.h"
#include "sock/tls_fork.h"
#include "sock/tls_wait.h"

/*
 * What the kernel counts of its room is more than the bytes that are in it:
 * twice as many, and a buffer's own size a call.
 */
#define CALL_COST 4096
#define KEPT_BACK 1024

/* A record that is worth its overhead, and what it adds. */
#define WORTH 300
#define OVERHEAD 128

/* Bytes of data in a record at most. */
#define RECORD_MAX 16384

bool
tls_hold_wanted(void)
{
	return fdtable_kernel_numbers();
}

/* The engine has read what was left in the kernel's queue: now it goes. */
static void
take_held_locked(struct tls_sock *t)
{
	char byte;

	if (!t->held)
		return;
	t->held = false;
	/* It is there: nobody else takes anything from this queue. */
	(void)kernel->recvfrom(t->native.base.kfd, &byte, 1, MSG_DONTWAIT, NULL,
	    NULL);
}

static size_t
larger(size_t a, size_t b)
{
	return a > b ? a : b;
}

/*
 * How much may be taken in so that no data are left over: not more bytes than
 * there is room for data, since records only add to these; or the record to its
 * end, if that has room, and a header.  0: its data may not.
 */
static size_t
harmless(const struct tls_sock *t, size_t room)
{
	const struct tls_record *r = &t->record;
	size_t most, rest;

	if (!tls_record_known(r))
		return larger(TLS_RECORD_HEADER, room) - r->nheader;
	most = tls_record_most_data(r);
	/* A handshake's records have no data, and it takes no others. */
	if (t->phase != TLS_PHASE_OPEN)
		return r->left + TLS_RECORD_HEADER;
	if (most > room)
		return 0;
	rest = room - most;
	return r->left + larger(TLS_RECORD_HEADER, rest);
}

/* As recvfrom of at most n bytes, which the engine gets. */
static ssize_t
take_locked(struct tls_sock *t, size_t n, int flags)
{
	void *ring;
	const size_t len = tls_engine_input(t->engine, &ring);
	ssize_t rc;

	if (len == 0) {
		errno = EAGAIN;
		return -1;
	}
	rc = kernel->recvfrom(t->native.base.kfd, ring, n < len ? n : len,
	    flags | MSG_DONTWAIT, NULL, NULL);
	if (rc > 0) {
		tls_record_pass(&t->record, ring, (size_t)rc);
		tls_engine_input_done(t->engine, (size_t)rc);
	}
	return rc;
}

/* All of the record but its last byte, which is only looked at. */
static ssize_t
hold_locked(struct tls_sock *t)
{
	const bool more = t->record.left > 1;
	ssize_t n = 1, last;

	if (more)
		n = take_locked(t, t->record.left - 1, 0);
	if (n <= 0 || t->record.left != 1)
		return n;
	last = take_locked(t, 1, MSG_PEEK);
	t->held = last == 1;
	return more ? n : last; /* what the look has met comes again */
}

int
tls_hold_fill_locked(struct tls_sock *t, size_t room)
{
	void *ring;
	size_t n;
	ssize_t rc;

	if (tls_engine_input(t->engine, &ring) == 0)
		return 0; /* full, or ended: the engine has enough to go on */
	take_held_locked(t);
	n = harmless(t, room);
	rc = n > 0 ? take_locked(t, n, 0) : hold_locked(t);
	return tls_wait_filled_locked(t, rc);
}

/*
 * Since a fork another process may have read the same, and have taken the byte:
 * what is there now is the next record's.
 */
void
tls_hold_read_locked(struct tls_sock *t)
{
	if (t->held && tls_engine_left(t->engine) == 0 && tls_fork_is_ours(t))
		take_held_locked(t);
}

void
tls_hold_end_locked(struct tls_sock *t)
{
	/* What another process has since a fork goes on. */
	if (t->deafened || t->native.type != SOCK_STREAM ||
	    !tls_fork_is_ours(t))
		return;
	t->deafened = true;
	t->held = false;
	/* It fails if the kernel's connection is gone, and readable then. */
	(void)kernel->shutdown(t->native.base.kfd, SHUT_RD);
}

/* Half of what is free, for it counts more than bytes. */
static void
ask_room_locked(struct tls_sock *t)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t len = sizeof(info);
	int64_t free;

	if (kernel->getsockopt(t->native.base.kfd, SOL_SOCKET, SO_MEMINFO, info,
	        &len) == -1) {
		t->out_room = 0;
		return;
	}
	free = (int64_t)info[SK_MEMINFO_SNDBUF] - info[SK_MEMINFO_WMEM_QUEUED];
	t->out_room = free / 2 > KEPT_BACK ? (size_t)(free / 2 - KEPT_BACK) : 0;
}

size_t
tls_hold_room_locked(struct tls_sock *t, size_t len)
{
	const size_t records = len / RECORD_MAX + 1;
	const size_t all = len + records * OVERHEAD;

	if (t->out_room < all + CALL_COST)
		ask_room_locked(t);
	if (t->out_room >= all)
		return len;
	if (t->out_room < WORTH)
		return 0;
	return t->out_room - t->out_room / RECORD_MAX * OVERHEAD - OVERHEAD;
}

void
tls_hold_sent_locked(struct tls_sock *t, size_t n)
{
	const size_t cost = n + CALL_COST;

	t->out_room = t->out_room > cost ? t->out_room - cost : 0;
}
