#include "shim/memory.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#define BLOCK_ENTRIES 200

struct entry {
	atomic_bool valid; /* the rest does not change any more */
	int16_t rule;
	uint8_t address[16];
};

struct block {
	_Atomic(struct block *) next;
	atomic_size_t taken; /* may go beyond BLOCK_ENTRIES */
	struct entry entry[BLOCK_ENTRIES];
};

static struct block first;

static bool
block_has(struct block *b, int rule, const uint8_t address[16])
{
	for (size_t i = 0; i < BLOCK_ENTRIES; i++) {
		const struct entry *e = &b->entry[i];

		if (atomic_load_explicit(&e->valid, memory_order_acquire) &&
		    e->rule == rule && memcmp(e->address, address, 16) == 0)
			return true;
	}
	return false;
}

bool
memory_has(int rule, const uint8_t address[16])
{
	struct block *b;

	for (b = &first; b != NULL; b = atomic_load(&b->next)) {
		if (block_has(b, rule, address))
			return true;
	}
	return false;
}

/* The block behind b, made if there is none; NULL without memory. */
static struct block *
next_of(struct block *b)
{
	struct block *next = atomic_load(&b->next), *nobody = NULL;

	if (next != NULL)
		return next;
	next = mmap(NULL, sizeof(*next), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (next == MAP_FAILED)
		return NULL;
	if (atomic_compare_exchange_strong(&b->next, &nobody, next))
		return next;
	(void)munmap(next, sizeof(*next)); /* another thread was first */
	return nobody;
}

int
memory_add(int rule, const uint8_t address[16])
{
	struct block *b = &first;
	struct entry *e;
	size_t place;

	if (memory_has(rule, address))
		return 0;
	while (atomic_load(&b->taken) >= BLOCK_ENTRIES ||
	    (place = atomic_fetch_add(&b->taken, 1)) >= BLOCK_ENTRIES) {
		b = next_of(b);
		if (b == NULL)
			return -ENOMEM;
	}
	e = &b->entry[place];
	e->rule = (int16_t)rule;
	memcpy(e->address, address, 16);
	atomic_store_explicit(&e->valid, true, memory_order_release);
	return 0;
}
