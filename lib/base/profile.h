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

/* Not to be used outside this header: -1 until a profile is in force. */
extern atomic_int profile_in_force;
extern const short profile_quirks[QUIRK_COUNT][PROFILE_COUNT];

/* Takes the profile from ZSOCK_PROFILE if none is in force; returns it. */
enum profile profile_fix(void);

/* The profile in force. */
static inline enum profile
profile_get(void)
{
	const int p =
	    atomic_load_explicit(&profile_in_force, memory_order_relaxed);

	return p >= 0 ? (enum profile)p : profile_fix();
}

/* For zsock_init, before the first socket; and for tests. */
void profile_set(enum profile p);

/* What is said of a name that is none of them. */
#define PROFILE_NAMES "the profiles are zephyr, zephyr-3.3 and linux"

/* "zephyr", "zephyr-3.3", "linux"; -1 for another name. */
int profile_parse(const char *name);
const char *profile_name(enum profile p);

/* What a row says for one profile: an errno, a count, or 0 and 1. */
static inline int
quirk_of(enum quirk q, enum profile p)
{
	return profile_quirks[q][p];
}

/* What it says for the profile in force. */
static inline int
quirk(enum quirk q)
{
	return quirk_of(q, profile_get());
}

/*
 * The device is known to crash, hang or lose data here, and the library does
 * not: a warning says so.  what is the call and its situation, device what
 * would have become of it there.
 */
void profile_hazard(const char *what, const char *device);

#endif
