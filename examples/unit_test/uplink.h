#ifndef UPLINK_H
#define UPLINK_H

#include <zephyr/net/socket.h>
#include <zephyr/net/tls_credentials.h>

#define UPLINK_TRIES 3
#define UPLINK_FIRST_WAIT_MS 1000 /* doubled after each further failure */

struct uplink_server {
	const char *name; /* what its certificate must say */
	struct sockaddr_in addr;
	sec_tag_t ca_tag;
	int timeout_ms; /* how long each answer is waited for */
};

/*
 * Send a reading, a line, and wait until the server says that it is stored.  A
 * failure that may pass is followed by another try.
 *
 * Returns 0, or what the last try failed with
 *   -ECONNABORTED  it is not the server it should be; this is not tried again
 *   -EAGAIN        it did not answer in time
 *   -ECONNRESET    it went away before its answer was complete
 *   -EBADMSG       it answered something else
 *   -ETIMEDOUT, ...  it could not be reached
 */
int uplink_send(const struct uplink_server *server, const char *reading);

#endif
