#ifndef MOCK_LOG_H
#define MOCK_LOG_H

/* The module's log, on the terminal. */

#include <stdio.h>

#define LOG_MODULE_REGISTER(name, ...) \
	static const char *const log_module = #name
#define LOG_LINE(fmt, ...) \
	fprintf(stderr, "%s: " fmt "\n", log_module, ##__VA_ARGS__)
#define LOG_ERR(...) LOG_LINE(__VA_ARGS__)
#define LOG_WRN(...) LOG_LINE(__VA_ARGS__)
#define LOG_INF(...) LOG_LINE(__VA_ARGS__)
#define LOG_DBG(...) LOG_LINE(__VA_ARGS__)

#endif
