/* What else is in the process. */
#include "prog.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "plug.h"

/* Bytes there and back, and some memory: for whatever is preloaded too. */
static void
echo(void)
{
	unsigned char *buf = malloc(100000), *back = calloc(1, 100000);
	const int fd = dial(0);

	MUST(buf != NULL && back != NULL);
	pattern_fill(buf, 0, 100000);
	for (size_t at = 0; at < 100000; at += 10000) {
		send_all(fd, buf + at, 10000);
		recv_all(fd, back + at, 10000);
	}
	MUST(memcmp(buf, back, 100000) == 0);
	MUST_BE(close(fd), 0);
	free(buf);
	free(back);
}

/*
 * P44: what writes past the preload library writes to the wire, and the peer
 * notices.
 */
static void
plugin(void)
{
	void *plug = dlopen(prog_arg(0), RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
	ssize_t (*write_it)(int, const void *, size_t);
	const int fd = dial_and_take(0);
	const char *answer;

	MUST(plug != NULL);
	*(void **)&write_it = dlsym(plug, "plug_write");
	MUST(write_it != NULL);
	MUST_BE(send(fd, "!", 1, 0), 1);
	tell("read 1");
	if (write_it(fd, "clear text", 10) < 0) {
		MUST_BE(errno, EBADF);
		return;
	}
	answer = tell("end");
	MUST_BE(fact(answer, "in"), 1);
	MUST_BE(fact(answer, "bad"), 1);
}

static const struct verb verbs[] = {
	{ "echo", echo },
	{ "plugin", plugin },
};

PROG_MAIN(verbs)
