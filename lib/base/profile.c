#include "base/profile.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>

#include "base/config.h"
#include "base/log.h"

#define NOT_YET (-1)

static atomic_int in_force = NOT_YET;

static const char *const names[PROFILE_COUNT] = {
	[PROFILE_ZEPHYR] = "zephyr",
	[PROFILE_ZEPHYR_3_3] = "zephyr-3.3",
	[PROFILE_LINUX] = "linux",
};

static const short values[QUIRK_COUNT][PROFILE_COUNT] = {
#define QUIRK(id, zephyr, zephyr_3_3, host, what, z, o, h) \
	{ zephyr, zephyr_3_3, host },
#include "base/quirks.def"
#undef QUIRK
};

int
profile_parse(const char *name)
{
	for (int i = 0; i < PROFILE_COUNT; i++) {
		if (strcmp(name, names[i]) == 0)
			return i;
	}
	return -1;
}

const char *
profile_name(enum profile p)
{
	return names[p];
}

enum profile
profile_get(void)
{
	int p = atomic_load_explicit(&in_force, memory_order_relaxed);
	int nobody = NOT_YET;

	if (p != NOT_YET)
		return (enum profile)p;
	p = config_get()->profile;
	if (!atomic_compare_exchange_strong(&in_force, &nobody, p))
		p = nobody; /* somebody else was first */
	return (enum profile)p;
}

void
profile_set(enum profile p)
{
	atomic_store(&in_force, (int)p);
}

int
quirk_of(enum quirk q, enum profile p)
{
	return values[q][p];
}

int
quirk(enum quirk q)
{
	return values[q][profile_get()];
}

void
profile_hazard(const char *what, const char *device)
{
	log_line(LOG_WARN, "hazard: %s; the device %s", what, device);
}
