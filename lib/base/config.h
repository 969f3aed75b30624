#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include <stdbool.h>

/* What the environment asks for.  Read once, before its first use. */
struct config {
	/* ZSOCK_LOG: off, error, warn (default), info or debug. */
	int log_level;
	/* ZSOCK_LOG_FILE: where log lines are appended; NULL is stderr. */
	const char *log_file;
	/*
	 * ZSOCK_TLS_HANDSHAKE_TIMEOUT_MS: how long connect and accept wait for
	 * a TLS handshake, in milliseconds; 10000 as on the device.
	 */
	int handshake_ms;
};

const struct config *config_get(void);

/* Reads the environment again.  For tests, while no other thread runs. */
void config_reload(void);

#endif
