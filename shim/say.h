#ifndef SHIM_SAY_H
#define SHIM_SAY_H

#include "shim/core.h"
#include "shim/text.h"

#define SAY_MAX 1024

/*
 * A line of the log, as base/log.h writes it, without a newline: by the core
 * once it is there, else to ZSOCK_LOG_FILE or stderr, if ZSOCK_LOG lets it.
 * Leaves errno alone.
 */
void say(enum core_log level, const char *line);

/* Says what text holds so far. */
void say_text(enum core_log level, const struct text *text);

/* What ZSOCK_LOG and ZSOCK_LOG_FILE are; NULL is unset. */
void say_configure(const char *level, const char *file);

#endif
