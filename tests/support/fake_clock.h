#ifndef SUPPORT_FAKE_CLOCK_H
#define SUPPORT_FAKE_CLOCK_H

#include <stdint.h>

/*
 * The time of day of a program that links this: gettimeofday() stands still
 * until it is told to move, in OpenSSL too, which times the retransmissions of
 * DTLS by it.  CLOCK_MONOTONIC is real, but for what is added to it.
 */
int64_t fake_clock_ms(void); /* since the program began */
void fake_clock_advance_ms(int64_t ms);
void fake_clock_monotonic_ahead_ms(int64_t ms); /* of the real one, from now */

#endif
