/*
 * What libc writes and reads by itself.  Compiled twice: without optimisation,
 * and fortified.
 */
#include "prog.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static volatile size_t unknown = 10;

/* P13: a stream over the connection. */
static void
stream(void)
{
	const int fd = dial_and_take(0);
	FILE *f = fdopen(fd, "r+");
	char line[64];

	tell("echo");
	MUST(f != NULL);
	MUST_BE(fileno(f), fd);
	MUST(setvbuf(f, NULL, _IOLBF, 0) == 0);
	MUST(fprintf(f, "%s %d\n", "number", 42) > 0);
	MUST_BE(fflush(f), 0);
	MUST(fgets(line, sizeof(line), f) != NULL);
	MUST(strcmp(line, "number 42\n") == 0);
	MUST(fputs("two\n", f) >= 0);
	MUST_BE(fflush(f), 0);
	MUST_BE(fgetc(f), 't');
	MUST_BE(ungetc('T', f), 'T');
	MUST(fgets(line, sizeof(line), f) != NULL);
	MUST(strcmp(line, "Two\n") == 0);
	MUST_BE(fileno(f), fd);
	MUST_BE(fclose(f), 0);
	MUST_FAIL(send(fd, "x", 1, 0), EBADF);
	MUST(says(tell("end"),
	    prog_plain() ? " bad=0 end=eof" : " notify=1 bad=0 end=eof"));
}

/* P13: two streams over two numbers, as inetd's children have them. */
static void
two_streams(void)
{
	const int fd = dial_and_take(0);
	FILE *in = fdopen(dup(fd), "r"), *out = fdopen(fd, "w");
	char line[64];

	tell("echo");
	MUST(in != NULL && out != NULL);
	for (int i = 0; i < 100; i++) {
		char want[64];

		snprintf(want, sizeof(want), "line %d\n", i);
		MUST(fputs(want, out) >= 0);
		MUST_BE(fflush(out), 0);
		MUST(fgets(line, sizeof(line), in) != NULL);
		MUST(strcmp(line, want) == 0);
	}
	MUST_BE(fclose(out), 0);
	MUST_BE(fclose(in), 0);
	MUST(says(tell("end"), " bad=0 end=eof"));
}

/* P13: what is still in the buffer at exit reaches the peer. */
static void
at_exit(void)
{
	const int fd = dial_and_take(0);
	FILE *f = fdopen(fd, "w");

	tell("sink");
	MUST(f != NULL);
	for (size_t i = 0; i < 1000; i++)
		MUST_BE(fputc(pattern_at(i), f), pattern_at(i));
	exit(0);
}

/*
 * P13: standard output is the connection.  What libc writes to it comes by a
 * record, or not at all.
 */
static void
standard_output(void)
{
	const int fd = dial_and_take(0), saved = dup(1);
	const char *answer;

	tell("sink");
	MUST_BE(dup2(fd, 1), 1);
	MUST_BE(close(fd), 0);
	MUST(printf("!\"#$%%&") > 0);
	(void)fflush(stdout);
	MUST(puts("'()*") >= 0);
	(void)fflush(stdout);
	MUST_BE(dup2(saved, 1), 1);
	puts("not for the peer");
	MUST_BE(fflush(stdout), 0);
	answer = tell("end");
	MUST_BE(fact(answer, "bad"), 0);
	MUST(says(answer, prog_plain() ? " in=11 " : " in="));
}

/* P13: standard input is. */
static void
standard_input(void)
{
	const int fd = dial_and_take(0);
	char line[64];

	tell("text one");
	tell("text two");
	MUST_BE(dup2(fd, 0), 0);
	if (fgets(line, sizeof(line), stdin) != NULL) {
		MUST(strcmp(line, "one\n") == 0);
		MUST(fgets(line, sizeof(line), stdin) != NULL);
		MUST(strcmp(line, "two\n") == 0);
	}
}

static int print(int fd, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int
print(int fd, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vdprintf(fd, format, args);
	va_end(args);
	return n;
}

/* P14: dprintf and vdprintf. */
static void
printed(void)
{
	const int fd = dial_and_take(0);
	char back[64], *big = malloc(70001);

	MUST(big != NULL);
	tell("echo");
	MUST_BE(dprintf(fd, "%s-%03d\n", "dprintf", 7), 12);
	recv_all(fd, back, 12);
	MUST(memcmp(back, "dprintf-007\n", 12) == 0);
	MUST_BE(print(fd, "%s-%03d\n", "vprintf", 8), 12);
	recv_all(fd, back, 12);
	MUST(memcmp(back, "vprintf-008\n", 12) == 0);
	pattern_fill(big, 0, 70000);
	big[70000] = '\0';
	MUST_BE(dprintf(fd, "%s", big), 70000);
	recv_all(fd, big, 70000);
	MUST(pattern_is(big, 0, 70000));
	MUST_BE(dprintf(1, "%s", ""), 0);
	free(big);
}

/* P15: sizes that are known when it runs only. */
static void
checked(void)
{
	const int fd = dial_and_take(0);
	char buf[16];

	tell("echo");
	MUST_BE(send(fd, "0123456789", 10, 0), 10);
	MUST_BE(recv(fd, buf, unknown, MSG_WAITALL), 10);
	MUST(memcmp(buf, "0123456789", 10) == 0);
	MUST_BE(send(fd, "abcdefghij", 10, 0), 10);
	MUST_BE(read(fd, buf, unknown), 10);
	MUST(memcmp(buf, "abcdefghij", 10) == 0);
	MUST_BE(send(fd, "ABCDEFGHIJ", 10, 0), 10);
	MUST_BE(recvfrom(fd, buf, unknown, 0, NULL, NULL), 10);
	MUST(memcmp(buf, "ABCDEFGHIJ", 10) == 0);
}

/* P15: and the overflow is still caught: this ends by SIGABRT. */
static void
overflow(void)
{
	const int fd = dial_and_take(0);
	char buf[16];

	unknown = 100;
	tell("send 100 100");
	MUST(recv(fd, buf, unknown, 0) != 12345);
}

static const struct verb verbs[] = {
	{ "stream", stream },
	{ "two_streams", two_streams },
	{ "at_exit", at_exit },
	{ "standard_output", standard_output },
	{ "standard_input", standard_input },
	{ "printed", printed },
	{ "checked", checked },
	{ "overflow", overflow },
};

PROG_MAIN(verbs)
