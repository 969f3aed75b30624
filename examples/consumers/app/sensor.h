#ifndef SENSOR_H
#define SENSOR_H

#include <stdint.h>

/* Where the CA of the server is, as the device has been provisioned. */
#define SENSOR_CA_TAG 1

/*
 * Post one reading, in thousandths of a degree, to https://host:port/readings.
 * Returns 0 if the server has taken it, or -errno: -EHOSTUNREACH if there is no
 * such host, -EBADMSG if the server says anything but 2xx.
 */
int sensor_post(const char *host, uint16_t port, int32_t milli_celsius);

#endif
