#ifndef BASE_PROFILE_H
#define BASE_PROFILE_H

#include <stdatomic.h>

/*
 * Whose behaviour sockets have: the newest Zephyr's, that of Zephyr 3.3, or
 * Linux's.  One for the process, fixed when the first socket is made.
 */
enum profile { PROFILE_ZEPHYR, PROFILE_ZEPHYR_3_3, PROFILE_LINUX };

#define PROFILE_COUNT 3

/* The rows of base/quirks.def: where the three differ. */
enum quirk {
#define QUIRK(id, zephyr, zephyr_3_3, host, what, z, o, h) QUIRK_##id,
#include "base/quirks.def"
#undef QUIRK
	QUIRK_COUNT
};

/* The profile in force; the first call takes it from ZSOCK_PROFILE. */
enum profile profile_get(void);

/* For zsock_init, before the first socket; and for tests. */
void profile_set(enum profile p);

/* "zephyr", "zephyr-3.3", "linux"; -1 for another name. */
int profile_parse(const char *name);
const char *profile_name(enum profile p);

/* What a row says for one profile: an errno, a count, or 0 and 1. */
int quirk_of(enum quirk q, enum profile p);

/* What it says for the profile in force. */
int quirk(enum quirk q);

/*
 * The device is known to crash, hang or lose data here, and the library does
 * not: a warning says so.  what is the call and its situation, device what
 * would have become of it there.
 */
void profile_hazard(const char *what, const char *device);

#endif
