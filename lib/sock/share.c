#include "sock/share.h"

#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

/*
 * Words are never used again, for another process may still look at one.  Only
 * pages that are written cost memory.
 */
#define WORDS (1 << 20)

static _Atomic(atomic_int *) words; /* the mapping in use, or NULL */
static atomic_int self;             /* this process; 0 until it is asked for */

/*
 * Another mapping in the place of one that is full, or of none; what is in the
 * full one still counts.
 */
static atomic_int *
map(atomic_int *full)
{
	const size_t size = WORDS * sizeof(*full);
	atomic_int *more = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (more == MAP_FAILED)
		return NULL;
	if (atomic_compare_exchange_strong(&words, &full, more))
		return more;
	(void)munmap(more, size); /* another thread was first */
	return full;
}

static int
this_process(void)
{
	int pid = atomic_load_explicit(&self, memory_order_relaxed);

	if (pid == 0) {
		pid = (int)getpid();
		atomic_store(&self, pid);
	}
	return pid;
}

void
share_forked(void)
{
	atomic_store(&self, (int)getpid());
}

static atomic_bool denied;

void
share_deny(bool is)
{
	atomic_store(&denied, is);
}

/* The first word counts those given out: parent and child give others. */
atomic_int *
share_new(void)
{
	atomic_int *w = atomic_load(&words);
	int n;

	while (!atomic_load(&denied)) {
		n = w != NULL ? atomic_fetch_add(&w[0], 1) + 1 : WORDS;
		if (n > 0 && n < WORDS)
			return &w[n];
		if (w != NULL)
			atomic_fetch_sub(&w[0], 1); /* it must not wrap */
		w = map(w);
		if (w == NULL)
			break;
	}
	return NULL;
}

bool
share_take(atomic_int *word)
{
	const int pid = this_process();
	int nobody = 0;

	return atomic_load_explicit(word, memory_order_relaxed) == pid ||
	    atomic_compare_exchange_strong(word, &nobody, pid);
}

int
share_owner(const atomic_int *word)
{
	return atomic_load(word);
}

bool
share_is_ours(const atomic_int *word)
{
	return share_owner(word) == this_process();
}
