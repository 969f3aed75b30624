#include "base/profile.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>

#include "base/config.h"
#include "base/log.h"

#define NOT_YET (-1)

atomic_int profile_in_force = NOT_YET;

static const char *const names[PROFILE_COUNT] = {
	[PROFILE_ZEPHYR] = "zephyr",
	[PROFILE_ZEPHYR_3_3] = "zephyr-3.3",
	[PROFILE_LINUX] = "linux",
};

const short profile_quirks[QUIRK_COUNT][PROFILE_COUNT] = {
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
profile_fix(void)
{
	const int p = config_get()->profile;
	int nobody = NOT_YET;

	if (atomic_compare_exchange_strong(&profile_in_force, &nobody, p))
		return (enum profile)p;
	return (enum profile)nobody; /* somebody else was first */
}

void
profile_set(enum profile p)
{
	atomic_store(&profile_in_force, (int)p);
}

void
profile_hazard(const char *what, const char *device)
{
	log_line(LOG_WARN, "hazard: %s; the device %s", what, device);
}
