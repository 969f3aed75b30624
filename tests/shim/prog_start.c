/* What a program may do before the library's other half is there. */
#include "prog.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Of the environment, only what tells this program where its peer is. */
static void
clear(void)
{
	char *port = strdup(getenv("PEER_PORT"));
	char *control = strdup(getenv("PEER_FD"));

	MUST_BE(clearenv(), 0);
	MUST_BE(setenv("PEER_PORT", port, 1), 0);
	MUST_BE(setenv("PEER_FD", control, 1), 0);
	must_echo(dial(0), "without an environment");
}

/*
 * As programs that say in the list of processes what they do: the environment
 * goes elsewhere, and its room is taken.
 */
static void
title(void)
{
	char *begin = program_invocation_name, *end = begin, **moved;
	size_t n = 0;

	while (environ[n] != NULL) {
		if (environ[n] + strlen(environ[n]) > end)
			end = environ[n] + strlen(environ[n]);
		n++;
	}
	moved = calloc(n + 1, sizeof(*moved));
	MUST(moved != NULL);
	for (size_t i = 0; i < n; i++)
		MUST((moved[i] = strdup(environ[i])) != NULL);
	environ = moved;
	memset(begin, 'x', (size_t)(end - begin));
	must_echo(dial(0), "with a title");
}

/* What the loader has to say stays to be asked for. */
static void
loader_error(void)
{
	char buf[1];
	const char *said;

	MUST(dlopen("/nowhere/libnothing.so", RTLD_NOW) == NULL);
	MUST_FAIL(shutdown(-1, SHUT_RD), EBADF);
	MUST_BE(write(STDOUT_FILENO, buf, 0), 0);
	MUST_FAIL(listen(-1, 1), EBADF);
	said = dlerror();
	MUST(said != NULL && strstr(said, "libnothing.so") != NULL);
}

static const struct verb verbs[] = {
	{ "clear", clear },
	{ "title", title },
	{ "loader_error", loader_error },
};

PROG_MAIN(verbs)
