#include "shim/core/forked.h"

#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include "shim/core/gate.h"
#include "sock/fork.h"

/* In a page of its own; NULL if the kernel does not wipe: fork alone is seen. */
static atomic_int *word;

static void
mark(void)
{
	atomic_store(word, 1);
}

void
forked_watch(void)
{
	const size_t size = (size_t)sysconf(_SC_PAGESIZE);
	void *page = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return;
	if (madvise(page, size, MADV_WIPEONFORK) == -1) {
		(void)munmap(page, size); /* it is only not used */
		return;
	}
	word = page;
	mark();
	fork_on_child(mark);
}

/*
 * With fork this has run in the child's handler before anybody else could call.
 * A child that clone made has one thread as well.
 */
void
forked_check(void)
{
	int wiped = 0;

	if (word == NULL ||
	    atomic_load_explicit(word, memory_order_relaxed) != 0)
		return;
	if (!atomic_compare_exchange_strong(word, &wiped, 1))
		return;
	gate_unseen();
	if (!atomic_load(&gate_torn))
		fork_unseen();
}
