#include "shim/withheld.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "shim/pending.h"
#include "shim/real.h"
#include "shim/refuse.h"
#include "shim/say.h"
#include "shim/slots.h"

/* Of more than so many the line says only that there are more. */
#define NAMED_MAX 16

/* A child of vfork may have copies that the table does not know of. */
static bool
is_withheld(int fd)
{
	if (slots_has(fd))
		return slots_core->withheld(fd);
	return fd < WITHHELD_COVERED && slots_is_secure(fd);
}

/* Their numbers, with commas between; how many they are. */
static size_t
list(struct text *text)
{
	const int top = atomic_load(&slots_top);
	const int most = top > WITHHELD_COVERED ? top : WITHHELD_COVERED;
	size_t n = 0;

	for (int fd = 0; fd < most; fd++) {
		if ((fd >= WITHHELD_COVERED && !slots_may(fd)) ||
		    !is_withheld(fd))
			continue;
		if (n++ >= NAMED_MAX)
			continue;
		text_add(text, n > 1 ? ", " : "");
		text_add_number(text, fd);
	}
	if (n > NAMED_MAX)
		text_add(text, " and others");
	return n;
}

/* "what: withheld: descriptor 3, ..." */
static void
say_line(const char *what, const char *of, const char *numbers, bool many)
{
	char line[SAY_MAX];
	struct text text;

	text_init(&text, line, sizeof(line));
	text_add(&text, what);
	text_add(&text, of != NULL ? " of " : "");
	text_add_part(&text, of != NULL ? of : "",
	    of != NULL ? strnlen(of, 256) : 0);
	text_add(&text, ": withheld: descriptor ");
	text_add(&text, numbers);
	text_add(&text,
	    many ? ": secure connections with keys that only this program has"
	         : ": a secure connection with keys that only this program "
	           "has");
	say_text(CORE_LOG_WARN, &text);
}

void
withheld_say(const char *what, const char *program)
{
	const int saved = errno;
	char numbers[16 * NAMED_MAX];
	struct text text;
	size_t n;

	if (slots_core == NULL)
		return;
	text_init(&text, numbers, sizeof(numbers));
	n = list(&text);
	if (n > 0)
		say_line(what, program, numbers, n > 1);
	errno = saved;
}

void
withheld_say_one(const char *what, int fd)
{
	char number[16];
	struct text text;

	text_init(&text, number, sizeof(number));
	text_add_number(&text, fd);
	say_line(what, NULL, number, false);
}

/* What covers it is inherited, and the kept copy is not. */
static int
cover(int fd)
{
	const int kept = real.fcntl(fd, F_DUPFD_CLOEXEC, WITHHELD_COVERED);

	if (kept != -1 && refuse_cover(fd) < 0) {
		(void)real.close(
		    kept); /* fd is as it was, and closed at exec */
		return -1;
	}
	return kept;
}

void
withheld_begin(struct withheld *w, const char *path, const char *search)
{
	const int saved = errno;

	pending_exec();
	w->frozen = 0;
	for (int fd = 0; fd < WITHHELD_COVERED; fd++)
		w->kept[fd] = -1;
	if (slots_core == NULL)
		return;
	/* A program may try one folder after the other. */
	if (path == NULL || access(path, X_OK) == 0)
		withheld_say("exec", path != NULL ? path : search);
	if (!slots_vforked()) {
		slots_freeze(true);
		w->frozen = 1;
	}
	for (int fd = 0; fd < WITHHELD_COVERED; fd++) {
		if (is_withheld(fd))
			w->kept[fd] = cover(fd);
	}
	errno = saved;
}

void
withheld_end(struct withheld *w)
{
	const int saved = errno;

	for (int fd = 0; fd < WITHHELD_COVERED; fd++) {
		if (w->kept[fd] == -1)
			continue;
		(void)real.dup3(w->kept[fd], fd, O_CLOEXEC); /* both are open */
		(void)real.close(w->kept[fd]);
	}
	if (w->frozen)
		slots_freeze(false);
	errno = saved;
}
