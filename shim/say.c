#include "shim/say.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "shim/real.h"
#include "shim/slots.h"

static const char *const names[] = { "off", "error", "warn", "info", "debug" };

static int wanted = CORE_LOG_WARN;
static const char *log_file;

void
say_configure(const char *level, const char *file)
{
	for (size_t i = 0; level != NULL && i < 5; i++) {
		if (strcmp(level, names[i]) == 0)
			wanted = (int)i;
	}
	log_file = file != NULL && *file != '\0' ? file : NULL;
}

/* A reader that is gone is no reason to end the program. */
static void
write_line(int fd, const char *line, size_t len)
{
	const struct timespec now = { 0, 0 };
	sigset_t pipe, old, waiting;
	ssize_t n;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, &old);
	sigpending(&waiting);
	n = real.write(fd, line, len);
	if (n == -1 && errno == EPIPE && !sigismember(&waiting, SIGPIPE))
		(void)sigtimedwait(&pipe, NULL, &now); /* it may be ignored */
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

static void
write_own(const char *line, size_t len)
{
	int fd = -1;

	if (log_file != NULL)
		fd = open(log_file,
		    O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	write_line(fd != -1 ? fd : STDERR_FILENO, line, len);
	if (fd != -1)
		(void)real.close(fd); /* only what follows could want it */
}

void
say(enum core_log level, const char *line)
{
	const int saved = errno;
	char buf[SAY_MAX];
	struct text text;

	if (slots_core != NULL) {
		slots_core->log(level, line);
		errno = saved;
		return;
	}
	if ((int)level > wanted)
		return;
	text_init(&text, buf, sizeof(buf) - 1);
	text_add(&text, "zsock: ");
	text_add(&text, names[level]);
	text_add(&text, ": ");
	text_add(&text, line);
	for (size_t i = 0; i < text.len; i++) {
		if ((unsigned char)buf[i] < ' ' || buf[i] == 0x7f)
			buf[i] = '?';
	}
	buf[text.len++] = '\n';
	write_own(buf, text.len);
	errno = saved;
}

void
say_text(enum core_log level, const struct text *text)
{
	say(level, text->buf);
}
