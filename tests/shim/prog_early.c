/*
 * P20: sockets before main: by .preinit_array, which comes before everything
 * and when libc has no environment yet, and by a constructor of a library that
 * is linked.
 */
#include "prog.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "early.h"

static int preinit_done;

static void
preinit(int argc, char **argv, char **envp)
{
	int fd;

	(void)argc;
	(void)argv;
	fd = socket(AF_INET, SOCK_STREAM, 0);
	MUST(fd >= 0);
	MUST_BE(close(fd), 0);
	environ = envp;
	fd = dial(0);
	must_echo(fd, "before the constructors");
	MUST_BE(close(fd), 0);
	preinit_done = 1;
}

__attribute__((section(".preinit_array"), used)) static void (*const first)(int,
    char **, char **) = preinit;

static void
both(void)
{
	MUST_BE(preinit_done, 1);
	MUST_BE(early_constructed(), 1);
	must_echo(dial(0), "in main");
}

static const struct verb verbs[] = { { "both", both } };

PROG_MAIN(verbs)
