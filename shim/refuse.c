#include "shim/refuse.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "shim/raw.h"
#include "shim/real.h"
#include "shim/say.h"
#include "shim/slots.h"

int
refuse_cover(int fd)
{
	const int null = open("/dev/null", O_PATH | O_CLOEXEC);
	int rc = 0;

	if (null == -1)
		return -errno;
	if (real.dup3(null, fd, 0) == -1)
		rc = -errno;
	(void)real.close(null); /* fd has it, or nobody */
	return rc;
}

void
refuse_inherited(void)
{
	static const char *const lines[] = {
		"standard input is",
		"standard output is",
		"standard error is",
	};
	const int saved = errno;
	char line[SAY_MAX];
	struct text text;

	for (int fd = 0; fd <= STDERR_FILENO; fd++) {
		/* Every program pays for it, so that nothing is looked up. */
		if (raw_call(SYS_fcntl, fd, F_GETSIG, 0, 0, 0, 0) !=
		    CORE_SECURE)
			continue;
		text_init(&text, line, sizeof(line));
		text_add(&text, lines[fd]);
		text_add(&text,
		    " a secure connection of another program, which alone has "
		    "its keys: it can neither be read nor written");
		if (refuse_cover(fd) < 0) {
			(void)real.close(fd);
			text_add(&text, ", and is closed");
		}
		say_text(CORE_LOG_WARN, &text);
	}
	errno = saved;
}
