#include "tests/shim/cover.h"

#include <dlfcn.h>
#include <stddef.h>

static void
write_counts(void)
{
	__gcov_dump();
	__gcov_reset();
}

__attribute__((constructor)) static void
begin(void)
{
	void *add = dlsym(RTLD_DEFAULT, COVER_ADD);

	if (add != NULL)
		((cover_add_fn *)add)(write_counts);
}
