#include "support/memory.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdlib.h>

static atomic_long blocks, bytes;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
const bool memory_counted = false; /* the sanitizer has its own */
#else
const bool memory_counted = true;

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t size);
extern void *__libc_memalign(size_t align, size_t size);
extern void __libc_free(void *p);

static void *
count(void *p)
{
	if (p != NULL) {
		atomic_fetch_add(&blocks, 1);
		atomic_fetch_add(&bytes, (long)malloc_usable_size(p));
	}
	return p;
}

void *
malloc(size_t size)
{
	return count(__libc_malloc(size));
}

void *
calloc(size_t n, size_t size)
{
	return count(__libc_calloc(n, size));
}

void *
aligned_alloc(size_t align, size_t size)
{
	return count(__libc_memalign(align, size));
}

void *
realloc(void *p, size_t size)
{
	if (p == NULL)
		return malloc(size);
	if (size == 0) {
		free(p);
		return NULL;
	}
	atomic_fetch_sub(&bytes, (long)malloc_usable_size(p));
	p = __libc_realloc(p, size);
	atomic_fetch_add(&bytes, (long)malloc_usable_size(p));
	return p;
}

void
free(void *p)
{
	if (p != NULL) {
		atomic_fetch_sub(&blocks, 1);
		atomic_fetch_sub(&bytes, (long)malloc_usable_size(p));
	}
	__libc_free(p);
}
#endif

long
memory_blocks(void)
{
	return atomic_load(&blocks);
}

long
memory_bytes(void)
{
	return atomic_load(&bytes);
}
