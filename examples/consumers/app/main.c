/*
 * The host around the firmware: it provisions the "device" from a bundle, and
 * calls it.  It may include whatever Linux has.
 */
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zsock/credentials.h>

#include "sensor.h"

static long
number(const char *text, long min, long max)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || n < min || n > max)
		errx(2, "%s is no number from %ld to %ld", text, min, max);
	return n;
}

int
main(int argc, char **argv)
{
	struct zsock_cred_error error;
	uint16_t port;
	int32_t reading;
	int rc;

	if (argc != 5)
		errx(2, "usage: post BUNDLE HOST PORT MILLI_CELSIUS");
	port = (uint16_t)number(argv[3], 1, UINT16_MAX);
	reading = (int32_t)number(argv[4], INT32_MIN, INT32_MAX);
	if (zsock_cred_load_file(argv[1], 0, &error) != 0)
		errx(1, "%s", error.text);
	rc = sensor_post(argv[2], port, reading);
	if (rc != 0)
		errx(1, "%s: %s", argv[2], strerror(-rc));
	puts("posted");
	return 0;
}
