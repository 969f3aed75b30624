#include "sweep/heap.h"

#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef HEAP_OF_ASAN
#define REAL(name) __interceptor_##name
#define real_memalign __interceptor_memalign
#else
#define REAL(name) __libc_##name
#define real_memalign __libc_memalign
#endif

extern void *REAL(malloc)(size_t size);
extern void *REAL(calloc)(size_t n, size_t size);
extern void *REAL(realloc)(void *p, size_t size);
extern void REAL(free)(void *p);
extern void *real_memalign(size_t align, size_t size);

/* Where the program's own code is, which has the library's in it. */
extern const char __executable_start[], etext[];

#define SLOTS (1U << 18) /* far more than blocks */
#define COUNTED 65536    /* allocations of one run whose owner is known */

struct block {
	void *p;
	void *caller;
	unsigned serial;
	unsigned char owner;
};

static struct block blocks[SLOTS];
static unsigned serials;
static long owned[HEAP_OWNERS];
static pthread_spinlock_t lock;
static bool ready;

static atomic_bool armed;
static atomic_long count, refuse_at;
static atomic_int refused_side = -1;
static unsigned char owners[COUNTED];

static _Thread_local int my_side;
static _Thread_local bool ignored;

/* libcrypto and libssl, each from its first byte to its last. */
static struct {
	uintptr_t from, to;
} openssl[2];

static void
take_lock(void)
{
	if (!ready) { /* before main, when there is one thread */
		pthread_spin_init(&lock, PTHREAD_PROCESS_PRIVATE);
		ready = true;
	}
	pthread_spin_lock(&lock);
}

static enum heap_owner
owner_of(const void *caller)
{
	const uintptr_t at = (uintptr_t)caller;

	if (at >= (uintptr_t)__executable_start && at < (uintptr_t)etext)
		return HEAP_LIBRARY;
	for (int i = 0; i < 2; i++) {
		if (at >= openssl[i].from && at < openssl[i].to)
			return HEAP_OPENSSL;
	}
	return HEAP_LIBC;
}

/* Finds where OpenSSL lies, in the list that the loader gives out. */
__attribute__((constructor)) static void
find_openssl(void)
{
	static const char *const names[] = { "libcrypto.so", "libssl.so" };
	unsigned long from, to;
	char line[512];
	FILE *f = fopen("/proc/self/maps", "re");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		for (int i = 0; i < 2; i++) {
			if (strstr(line, names[i]) == NULL ||
			    sscanf(line, "%lx-%lx", &from, &to) != 2)
				continue;
			if (openssl[i].from == 0)
				openssl[i].from = from;
			openssl[i].to = to;
		}
	}
	if (f != NULL)
		fclose(f);
}

static unsigned
slot_of(const void *p)
{
	return (unsigned)(((uintptr_t)p >> 4) * 2654435761U) & (SLOTS - 1);
}

static void *
remember(void *p, const void *caller)
{
	const enum heap_owner owner = owner_of(caller);
	unsigned i = slot_of(p);

	if (p == NULL)
		return NULL;
	take_lock();
	while (blocks[i].p != NULL)
		i = (i + 1) & (SLOTS - 1);
	blocks[i] = (struct block){ p, (void *)caller, ++serials,
		(unsigned char)owner };
	owned[owner]++;
	pthread_spin_unlock(&lock);
	return p;
}

/* Those behind it move up, so that a search ends at the first empty slot. */
static void
forget(const void *p)
{
	unsigned i = slot_of(p), j, home;

	take_lock();
	while (blocks[i].p != NULL && blocks[i].p != p)
		i = (i + 1) & (SLOTS - 1);
	if (blocks[i].p == p) {
		owned[blocks[i].owner]--;
		for (j = (i + 1) & (SLOTS - 1); blocks[j].p != NULL;
		     j = (j + 1) & (SLOTS - 1)) {
			home = slot_of(blocks[j].p);
			if (((j - home) & (SLOTS - 1)) <
			    ((j - i) & (SLOTS - 1)))
				continue;
			blocks[i] = blocks[j];
			i = j;
		}
		blocks[i].p = NULL;
	}
	pthread_spin_unlock(&lock);
}

/* The sanitizer cannot do without what libc allocates for it. */
static bool
spared(const void *caller)
{
#ifdef HEAP_OF_ASAN
	return owner_of(caller) == HEAP_LIBC;
#else
	(void)caller;
	return false;
#endif
}

/* Counts it; true if this is the one. */
static bool
refuses(const void *caller)
{
	long n;

	if (!atomic_load(&armed) || ignored || spared(caller))
		return false;
	n = atomic_fetch_add(&count, 1) + 1;
	if (n < COUNTED)
		owners[n] = (unsigned char)owner_of(caller);
	if (n != atomic_load(&refuse_at))
		return false;
	atomic_store(&refused_side, my_side);
	if (getenv("SWEEP_TRACE") != NULL) {
		void *frames[40];

		ignored = true;
		backtrace_symbols_fd(frames, backtrace(frames, 40), 2);
		ignored = false;
	}
	errno = ENOMEM;
	return true;
}

#define CALLER __builtin_return_address(0)

void *
malloc(size_t size)
{
	return refuses(CALLER) ? NULL : remember(REAL(malloc)(size), CALLER);
}

void *
calloc(size_t n, size_t size)
{
	return refuses(CALLER) ? NULL : remember(REAL(calloc)(n, size), CALLER);
}

void *
realloc(void *p, size_t size)
{
	void *next;

	if (size > 0 && refuses(CALLER))
		return NULL;
	if (p != NULL)
		forget(p); /* for its place may be another's at once */
	next = REAL(realloc)(p, size);
	if (next == NULL && size > 0)
		return remember(p, CALLER) == NULL ? NULL : next;
	return remember(next, CALLER);
}

void *
reallocarray(void *p, size_t n, size_t size)
{
	void *next;

	if (refuses(CALLER))
		return NULL;
	if (n > 0 && size > SIZE_MAX / n) {
		errno = ENOMEM;
		return NULL;
	}
	if (p != NULL)
		forget(p);
	next = REAL(realloc)(p, n * size);
	if (next == NULL && n * size > 0)
		return remember(p, CALLER) == NULL ? NULL : next;
	return remember(next, CALLER);
}

char *
strdup(const char *s)
{
	const size_t size = strlen(s) + 1;
	char *copy;

	if (refuses(CALLER))
		return NULL;
	copy = remember(REAL(malloc)(size), CALLER);
	return copy != NULL ? memcpy(copy, s, size) : NULL;
}

void *
aligned_alloc(size_t align, size_t size)
{
	return refuses(CALLER) ? NULL
	                       : remember(real_memalign(align, size), CALLER);
}

void *
memalign(size_t align, size_t size)
{
	return refuses(CALLER) ? NULL
	                       : remember(real_memalign(align, size), CALLER);
}

int
posix_memalign(void **out, size_t align, size_t size)
{
	void *p = NULL;

	if (!refuses(CALLER))
		p = remember(real_memalign(align, size), CALLER);
	if (p == NULL)
		return ENOMEM;
	*out = p;
	return 0;
}

void
free(void *p)
{
	if (p == NULL)
		return;
	forget(p);
	REAL(free)(p);
}

void
heap_arm(long nth)
{
	atomic_store(&count, 0);
	atomic_store(&refuse_at, nth);
	atomic_store(&refused_side, -1);
	atomic_store(&armed, true);
}

long
heap_disarm(void)
{
	atomic_store(&armed, false);
	return atomic_load(&count);
}

bool
heap_refused(int *side)
{
	const int was = atomic_load(&refused_side);

	if (side != NULL)
		*side = was;
	return was >= 0;
}

enum heap_owner
heap_owner_of(long n)
{
	return n < COUNTED ? (enum heap_owner)owners[n] : HEAP_OPENSSL;
}

void
heap_side(int side)
{
	my_side = side;
}

void
heap_ignore(bool is)
{
	ignored = is;
}

long
heap_blocks(enum heap_owner owner)
{
	long n;

	take_lock();
	n = owned[owner];
	pthread_spin_unlock(&lock);
	return n;
}

unsigned
heap_mark(void)
{
	return serials;
}

void
heap_tell_since(unsigned mark)
{
	static const char *const words[] = { "library", "OpenSSL", "libc" };
	Dl_info info;

	for (unsigned i = 0; i < SLOTS; i++) {
		const struct block b = blocks[i];

		if (b.p == NULL || b.serial <= mark)
			continue;
		memset(&info, 0, sizeof(info));
		(void)dladdr(b.caller, &info);
		fprintf(stderr, "  not freed: %s, %zu bytes, by %s(+%#lx)\n",
		    words[b.owner], malloc_usable_size(b.p),
		    info.dli_fname != NULL ? info.dli_fname : "?",
		    (unsigned long)((uintptr_t)b.caller -
		        (uintptr_t)info.dli_fbase));
	}
}
