#ifndef BASE_CONFIG_H
#define BASE_CONFIG_H

#include <stdbool.h>

/* The highest ZSOCK_FD_BASE, and what is said of another. */
#define CONFIG_FD_BASE_MAX 1000000
#define CONFIG_FD_BASE_WANT \
	"the first socket number, 0 to " CONFIG_TEXT(CONFIG_FD_BASE_MAX)
#define CONFIG_TEXT(macro) CONFIG_TEXT_OF(macro)
#define CONFIG_TEXT_OF(value) #value

/* The bounds of ZSOCK_TLS_MAX_RECORD; the upper one is TLS's own. */
#define CONFIG_RECORD_MIN 512
#define CONFIG_RECORD_MAX 16384

/* What becomes of a program whose credentials cannot be used. */
enum config_errors { CONFIG_ERRORS_EXIT, CONFIG_ERRORS_WARN };

/*
 * What the environment asks for.  Read once, before its first use.  What names
 * a file, or lets others in, is NULL in a set-user-ID program.
 */
struct config {
	/* ZSOCK_LOG: off, error, warn (default), info or debug. */
	int log_level;
	/* ZSOCK_LOG_FILE: where log lines are appended; NULL is stderr. */
	const char *log_file;
	/* SSLKEYLOGFILE: where the keys of TLS are appended, or NULL. */
	const char *keylog;
	/*
	 * ZSOCK_CTL, the level of the control socket, and ZSOCK_CTL_NAME, what
	 * this process is called there; or NULL.
	 */
	const char *ctl, *ctl_name;
	/*
	 * ZSOCK_TLS_HANDSHAKE_TIMEOUT_MS: how long connect and accept wait for
	 * a TLS handshake, in milliseconds; 10000 as on the device.
	 */
	int handshake_ms;
	/*
	 * ZSOCK_TLS_MAX_RECORD: the most data of a record that is sent, in
	 * bytes, and of one call of send on a secure socket; 0 is no limit.
	 */
	int max_record;
	/* ZSOCK_PROFILE: zephyr (default), zephyr-3.3 or linux. */
	int profile;
	/* ZSOCK_FD_BASE: the lowest private number; 0. */
	int fd_base;
	/* ZSOCK_LIMITS: a Kconfig file with the target's limits, or NULL. */
	const char *limits;
	/* ZSOCK_HOSTS: a file of names and redirections, or NULL. */
	const char *hosts;
	/*
	 * ZSOCK_CREDENTIALS: bundles, names separated by colons, or NULL, and
	 * ZSOCK_CREDENTIALS_ERRORS: exit (default) or warn.
	 */
	const char *credentials;
	enum config_errors credentials_errors;
	/* ZSOCK_LEAKS=1: at exit, say which sockets were never closed. */
	bool leaks;
};

const struct config *config_get(void);

/*
 * A variable of the environment, or NULL; secure, always NULL in a set-user-ID
 * program.
 */
const char *config_variable(const char *name);
const char *config_secure(const char *name);

/*
 * Variables, NAME=VALUE and a NULL behind them, that count as if they were in
 * the environment.  They are not copied.  From before the first config_get on.
 */
void config_keep(const char *const *variables);

/* What it is without ZSOCK_PROFILE, from before the first config_get on. */
void config_default_profile(int profile);

/*
 * For what must not be guessed: says that variable is wrong, and why, and ends
 * the program with 78, the number for a bad configuration.
 */
_Noreturn void config_die(const char *variable, const char *why);

/* Reads the environment again.  For tests, while no other thread runs. */
void config_reload(void);

#endif
