#include "shim/slots.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "shim/pending.h"
#include "shim/raw.h"
#include "shim/real.h"
#include "shim/standard.h"

const _Atomic(void *) *slots_table;
atomic_size_t slots_n;
_Atomic(const struct core *) slots_core;

atomic_int slots_top;
atomic_uchar slots_past[SLOTS_NOTED / 8];

static atomic_int frozen;

/* The process that the table is for. */
static _Atomic(pid_t) owner;

/*
 * Not 0 in the process, and in a child of vfork, which shares the memory; a
 * child with a copy of it finds 0, however it has been made.  NULL if the kernel
 * does not do that: then fork alone is known.
 */
static atomic_int *shared;

/* fd is another file's now: its place is nobody's. */
static void
forget(int fd)
{
	if (standard_is(fd))
		standard_give(fd);
	slots_core->forget(fd);
}

bool
slots_confirm(int fd)
{
	const int saved = errno;
	const int tag = real.fcntl(fd, F_GETSIG, 0);

	errno = saved;
	if (tag == CORE_PLAIN || (tag == CORE_SECURE && slots_core->secure(fd)))
		return true;
	/* Plain here, and secure in a process that has it in common. */
	if (tag == CORE_SECURE && slots_may(fd))
		pending_foreign(fd);
	if (atomic_load(&frozen) == 0 && !slots_vforked())
		forget(fd);
	return false;
}

int
slots_note(int fd)
{
	if (fd >= 0 && fd < SLOTS_NOTED)
		atomic_fetch_or(&slots_past[fd / 8],
		    (unsigned char)(1u << fd % 8));
	return fd;
}

int
slots_new(int fd)
{
	int top = atomic_load(&slots_top);

	while (fd >= top &&
	    !atomic_compare_exchange_weak(&slots_top, &top, fd + 1))
		;
	if (standard_is(fd))
		standard_take(fd);
	return slots_note(fd);
}

int
slots_close(int fd)
{
	if (standard_is(fd))
		standard_give(fd);
	return slots_core->close(fd);
}

bool
slots_tagged_secure(int fd)
{
	const int saved = errno;
	const bool is =
	    slots_core != NULL && real.fcntl(fd, F_GETSIG, 0) == CORE_SECURE;

	errno = saved;
	return is;
}

static void
take_over(void)
{
	if (shared != NULL)
		atomic_store(shared, 1);
	atomic_store(&owner, raw_getpid());
}

bool
slots_vforked(void)
{
	if (raw_getpid() == atomic_load(&owner))
		return false;
	if (shared == NULL || atomic_load(shared) != 0)
		return true;
	take_over();
	return false;
}

void
slots_freeze(bool is)
{
	atomic_fetch_add(&frozen, is ? 1 : -1);
}

int
slots_watch_forks(void)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *at;

	if (atomic_load(&owner) != 0)
		return 0; /* the core could not be started then */
	at = mmap(NULL, page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (at == MAP_FAILED)
		return -ENOMEM;
	if (madvise(at, page, MADV_WIPEONFORK) == 0)
		shared = at;
	else
		(void)munmap(at, page); /* an old kernel */
	take_over();
	return -pthread_atfork(NULL, NULL, take_over);
}

void
slots_begin(const struct core *core)
{
	slots_core = core;
	slots_table = core->slots;
	atomic_store_explicit(&slots_n, core->nslots, memory_order_release);
}
