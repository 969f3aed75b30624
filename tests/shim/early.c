/* A library whose constructor uses a socket. */
#include "early.h"

#include <unistd.h>

#include "prog.h"

static int done;

__attribute__((constructor)) static void
construct(void)
{
	const int fd = dial(0);

	must_echo(fd, "in a constructor");
	MUST_BE(close(fd), 0);
	done = 1;
}

int
early_constructed(void)
{
	return done;
}
