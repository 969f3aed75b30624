#include "shim/next.h"

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>

#define HIDDEN_VERSION 0x8000 /* not the one that new programs get */
#define SONAME_BEGIN "libc.so."

/* The tables of one object. */
struct tables {
	const struct link_map *map;
	const ElfW(Sym) * symbols;
	const char *strings;
	const uint16_t *versions;   /* NULL: it has none */
	const uint32_t *gnu, *sysv; /* either may be NULL */
	const char *soname;         /* or NULL */
};

/* Most loaders have made an address of it already. */
static const void *
address(const struct link_map *map, ElfW(Addr) value)
{
	return (
	    const void *)(value < map->l_addr ? map->l_addr + value : value);
}

static void
take_entry(struct tables *t, const ElfW(Dyn) * d, ElfW(Addr) * soname)
{
	switch (d->d_tag) {
	case DT_SYMTAB:
		t->symbols = address(t->map, d->d_un.d_ptr);
		break;
	case DT_STRTAB:
		t->strings = address(t->map, d->d_un.d_ptr);
		break;
	case DT_VERSYM:
		t->versions = address(t->map, d->d_un.d_ptr);
		break;
	case DT_GNU_HASH:
		t->gnu = address(t->map, d->d_un.d_ptr);
		break;
	case DT_HASH:
		t->sysv = address(t->map, d->d_un.d_ptr);
		break;
	case DT_SONAME:
		*soname = d->d_un.d_val;
		break;
	default:
		break;
	}
}

/* False: there is nothing to be found in it. */
static bool
read_tables(struct tables *t, const struct link_map *map)
{
	ElfW(Addr) soname = 0;

	*t = (struct tables){ .map = map };
	if (map->l_ld == NULL)
		return false;
	for (const ElfW(Dyn) *d = map->l_ld; d->d_tag != DT_NULL; d++)
		take_entry(t, d, &soname);
	if (t->symbols == NULL || t->strings == NULL)
		return false;
	t->soname = soname != 0 ? t->strings + soname : NULL;
	return true;
}

/* Is it the function of that name, as a program built today would get it? */
static bool
is_it(const struct tables *t, uint32_t i, const char *name)
{
	const ElfW(Sym) *s = &t->symbols[i];
	const unsigned char type = ELF64_ST_TYPE(s->st_info);

	if (s->st_shndx == SHN_UNDEF || s->st_value == 0 ||
	    (type != STT_FUNC && type != STT_GNU_IFUNC && type != STT_NOTYPE))
		return false;
	if (t->versions != NULL && (t->versions[i] & HIDDEN_VERSION) != 0)
		return false;
	return strcmp(t->strings + s->st_name, name) == 0;
}

static uint32_t
hash_gnu(const char *name)
{
	uint32_t h = 5381;

	for (; *name != '\0'; name++)
		h = h * 33 + (unsigned char)*name;
	return h;
}

/*
 * The table: the numbers of buckets, of the first symbol and of the words of a
 * filter, and a shift; the filter; for each bucket its first symbol; for each
 * symbol from the first on its hash, whose lowest bit ends the bucket.
 */
static uint32_t
search_gnu(const struct tables *t, const char *name)
{
	const uint32_t nbuckets = t->gnu[0], first = t->gnu[1],
	               nwords = t->gnu[2], shift = t->gnu[3];
	const ElfW(Addr) *filter = (const void *)(t->gnu + 4);
	const uint32_t *buckets = (const void *)(filter + nwords);
	const uint32_t *hashes = buckets + nbuckets;
	const uint32_t bits = 8 * sizeof(*filter), h = hash_gnu(name);
	const ElfW(Addr) word = filter[h / bits % nwords];
	uint32_t i;

	if ((word >> h % bits & word >> (h >> shift) % bits & 1) == 0)
		return 0;
	i = buckets[h % nbuckets];
	for (; i >= first; i++) {
		if ((hashes[i - first] | 1) == (h | 1) && is_it(t, i, name))
			return i;
		if ((hashes[i - first] & 1) != 0)
			break;
	}
	return 0;
}

/* Two numbers, then the buckets, then for each symbol the next of its bucket. */
static uint32_t
search_sysv(const struct tables *t, const char *name)
{
	const uint32_t nbuckets = t->sysv[0];
	const uint32_t *buckets = t->sysv + 2, *chain = buckets + nbuckets;
	uint32_t h = 0, i;

	for (const char *c = name; *c != '\0'; c++) {
		h = (h << 4) + (unsigned char)*c;
		h = (h ^ (h >> 24 & 0xf0)) & 0x0fffffff;
	}
	for (i = buckets[h % nbuckets]; i != 0; i = chain[i]) {
		if (is_it(t, i, name))
			return i;
	}
	return 0;
}

static void *
search(const struct tables *t, const char *name)
{
	const ElfW(Sym) * s;
	uintptr_t at;
	uint32_t i = 0;

	if (t->gnu != NULL)
		i = search_gnu(t, name);
	else if (t->sysv != NULL)
		i = search_sysv(t, name);
	if (i == 0)
		return NULL;
	s = &t->symbols[i];
	at = t->map->l_addr + s->st_value;
	/* It is to be asked which function it is, on this processor. */
	if (ELF64_ST_TYPE(s->st_info) == STT_GNU_IFUNC)
		at = ((uintptr_t(*)(unsigned long))at)(getauxval(AT_HWCAP));
	return (void *)at;
}

/*
 * The libraries up to libc are there from the start and stay, so that no lock is
 * wanted.  If the program has loaded this one itself, libc is before it.
 */
static void *
search_from(const struct link_map *map, const char *name)
{
	struct tables t;
	void *found;

	for (; map != NULL; map = map->l_next) {
		if (map->l_ld == _DYNAMIC || !read_tables(&t, map))
			continue;
		found = search(&t, name);
		if (found != NULL)
			return found;
		if (t.soname != NULL &&
		    strncmp(t.soname, SONAME_BEGIN, sizeof(SONAME_BEGIN) - 1) ==
		        0)
			return NULL;
	}
	return NULL;
}

void *
next_find(const char *name)
{
	const struct link_map *first = _r_debug.r_map, *own = first;
	void *found;

	while (own != NULL && own->l_ld != _DYNAMIC)
		own = own->l_next;
	found = own != NULL ? search_from(own->l_next, name) : NULL;
	return found != NULL ? found : search_from(first, name);
}
