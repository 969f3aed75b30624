#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/config.h"
#include "base/kernel.h"

static const char *const names[] = { "off", "error", "warn", "info", "debug" };

int
log_level_parse(const char *name)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i]) == 0)
			return (int)i;
	}
	return -1;
}

bool
log_wants(enum log_level level)
{
	return (int)level <= config_get()->log_level;
}

static atomic_bool stderr_is_taken;
static _Thread_local void (*diverted)(const char *line, size_t len);

void
log_divert(void (*sink)(const char *line, size_t len))
{
	diverted = sink;
}

void
log_use_stderr(bool is)
{
	atomic_store(&stderr_is_taken, !is);
}

/* All of line, or the negative errno. */
static int
write_to(int fd, const char *line, size_t len)
{
	const struct timespec now = { 0, 0 };
	sigset_t pipe, old, waiting;
	ssize_t n;
	int rc;

	/* A reader that is gone is no reason to end the program. */
	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, &old);
	sigpending(&waiting);
	n = kernel->write(fd, line, len);
	rc = n == -1 ? -errno : (size_t)n < len ? -ENOSPC : 0;
	if (rc == -EPIPE && !sigismember(&waiting, SIGPIPE))
		(void)sigtimedwait(&pipe, NULL, &now); /* it may be ignored */
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return rc;
}

/* A log that cannot be written has nowhere to say so. */
static void
write_log(int fd, const char *line, size_t len)
{
	(void)write_to(fd, line, len);
}

int
log_append(const char *path, const char *line, size_t len)
{
	const int saved = errno;
	const int fd = open(path,
	    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
	    0600);
	int rc = -errno;

	if (fd != -1) {
		rc = write_to(fd, line, len);
		kernel->close(fd);
	}
	errno = saved;
	return rc;
}

/* Once is enough: the lines themselves follow on stderr. */
static void
complain_of_file(const char *file)
{
	static atomic_flag said = ATOMIC_FLAG_INIT;
	char line[LOG_LINE_MAX];
	int n;

	if (atomic_flag_test_and_set(&said))
		return;
	n = snprintf(line, sizeof(line),
	    "zsock: error: ZSOCK_LOG_FILE=%s cannot be opened: %s; the log "
	    "goes to stderr\n",
	    file, strerror(errno));
	if (n > 0 && n < (int)sizeof(line) && !atomic_load(&stderr_is_taken))
		write_log(STDERR_FILENO, line, (size_t)n);
}

/*
 * The file is opened for every line: lines are rare, and a descriptor kept
 * open would sit in the program's own number space, where a daemon that closes
 * everything would hand its number to something else.
 */
void
log_raw(const char *line, size_t len)
{
	const char *file = config_get()->log_file;
	int fd = -1;

	if (file != NULL) {
		fd =
		    open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
		if (fd == -1)
			complain_of_file(file);
	}
	if (fd == -1) {
		if (!atomic_load(&stderr_is_taken))
			write_log(STDERR_FILENO, line, len);
		return;
	}
	write_log(fd, line, len);
	kernel->close(fd);
}

void
log_line(enum log_level level, const char *fmt, ...)
{
	const int saved = errno;
	char line[LOG_LINE_MAX];
	size_t len, prefix;
	va_list ap;
	int n;

	if (!log_wants(level))
		return;
	prefix =
	    (size_t)snprintf(line, sizeof(line), "zsock: %s: ", names[level]);
	va_start(ap, fmt);
	n = vsnprintf(line + prefix, sizeof(line) - prefix - 1, fmt, ap);
	va_end(ap);
	len = prefix + (n < 0 ? 0 : (size_t)n);
	if (len > sizeof(line) - 2)
		len = sizeof(line) - 2;
	for (size_t i = prefix; i < len; i++) {
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	}
	line[len++] = '\n';
	if (diverted != NULL)
		diverted(line, len);
	else
		log_raw(line, len);
	errno = saved;
}
