#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cred/buf.h"
#include "place.h"
#include "say.h"
#include "shell_answer.h"
#include "verb.h"

#define PROMPT "uart:~$ "

/* Bytes of the longest line; a device has far less. */
#define LINE_MAX_LEN ((size_t)4 << 20)

/* The default of CONFIG_TLS_CREDENTIALS_SHELL_CRED_BUF_SIZE. */
#define DEVICE_ROOM 1024

struct shell {
	struct place *place;
	struct shell_session session;
	struct buf line;
	int in; /* where lines come from */
	bool prompt, terminal, warned;
	bool ended;  /* a command by CR, to which an LF may belong */
	int outcome; /* of the first command that has failed */
};

/* Once, for the script will have to be told. */
static void
look_at_room(struct shell *s)
{
	if (s->warned || s->session.buffer.len < DEVICE_ROOM)
		return;
	s->warned = true;
	remark("a device with the default "
	       "CONFIG_TLS_CREDENTIALS_SHELL_CRED_BUF_SIZE, %d, has no room "
	       "for this credential",
	    DEVICE_ROOM);
}

/* A device is silent while it loads. */
static int
answer(struct shell *s, struct shell_command *c)
{
	int rc;

	look_at_room(s);
	rc = shell_answer(s->place, c);
	shell_command_fini(c);
	if (s->outcome == DONE)
		s->outcome = rc;
	if (s->prompt && !s->session.loading)
		out(PROMPT);
	return out_end();
}

static int
do_line(struct shell *s)
{
	struct shell_command c;

	shell_line(&s->session, (const char *)s->line.data, s->line.len, &c);
	buf_clear(&s->line);
	return answer(s, &c);
}

/* Through a terminal a line ends with CR, LF or both; an empty one is nothing. */
static int
take(struct shell *s, char c)
{
	if (c == '\n' || (c == '\r' && s->terminal)) {
		s->ended = c == '\r';
		return s->terminal && s->line.len == 0 ? DONE : do_line(s);
	}
	if (s->line.len >= LINE_MAX_LEN)
		return say(LIMIT, "a line of more than %zu bytes",
		    LINE_MAX_LEN);
	buf_put(&s->line, (unsigned char)c);
	return s->line.failed ? say_no_memory() : DONE;
}

/* Data that is loaded comes as it is; what ends it is a part of none. */
static int
load(struct shell *s, const char *bytes, size_t n, size_t *taken)
{
	struct shell_command c;

	*taken = shell_load(&s->session, bytes, n, &c);
	if (s->session.loading && s->session.buffer.len > LINE_MAX_LEN)
		return say(LIMIT, "more than %zu bytes are loaded",
		    LINE_MAX_LEN);
	return answer(s, &c);
}

static int
take_all(struct shell *s, const char *bytes, size_t n)
{
	size_t taken;
	int rc = DONE;

	for (; rc == DONE && n > 0; bytes += taken, n -= taken) {
		const bool rest = s->ended && *bytes == '\n';

		taken = 1;
		s->ended = false;
		if (rest)
			continue;
		rc = s->session.loading ? load(s, bytes, n, &taken)
		                        : take(s, *bytes);
	}
	return rc;
}

static int
serve(struct shell *s)
{
	char bytes[4096];
	int rc = DONE;
	ssize_t n;

	if (s->prompt)
		out(PROMPT);
	rc = out_end();
	while (rc == DONE) {
		n = read(s->in, bytes, sizeof(bytes));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = say(FAILED, "input: %s", strerror(errno));
		if (n <= 0)
			break;
		rc = take_all(s, bytes, (size_t)n);
	}
	if (rc == DONE && s->line.len > 0)
		rc = do_line(s);
	explicit_bzero(bytes, sizeof(bytes));
	return rc != DONE ? rc : s->outcome;
}

/*
 * A terminal that scripts open as a serial port.  Its other end stays open here,
 * so that it outlives each of them; it neither echoes nor changes a byte.
 */
static int
open_terminal(int *master, int *slave)
{
	struct termios t;
	const char *name;

	*master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*master < 0 || grantpt(*master) < 0 || unlockpt(*master) < 0)
		return say(FAILED, "a terminal: %s", strerror(errno));
	name = ptsname(*master);
	*slave = name == NULL ? -1 : open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*slave < 0 || tcgetattr(*slave, &t) < 0)
		return say(FAILED, "a terminal: %s", strerror(errno));
	cfmakeraw(&t);
	if (tcsetattr(*slave, TCSANOW, &t) < 0)
		return say(FAILED, "a terminal: %s", strerror(errno));
	out("%s\n", name);
	return out_end();
}

/* Answers go where standard output went, once the path has been told. */
static int
serve_terminal(struct shell *s)
{
	int master = -1, slave = -1, rc;

	rc = open_terminal(&master, &slave);
	if (rc == DONE && dup2(master, STDOUT_FILENO) < 0)
		rc = say(FAILED, "a terminal: %s", strerror(errno));
	if (rc == DONE) {
		s->in = master;
		s->prompt = s->terminal = true;
		rc = serve(s);
	}
	if (slave >= 0)
		close(slave);
	if (master >= 0)
		close(master);
	return rc;
}

static int
run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "pty", no_argument, NULL, 'p' },
		{ NULL, 0, NULL, 0 },
	};
	struct shell s = { .in = STDIN_FILENO,
		.prompt = isatty(STDIN_FILENO) == 1 };
	bool pty = false;
	int option, rc;

	while ((option = verb_option(argc, argv, "", options, NULL)) != -1) {
		if (option != 'p')
			return verb_usage("shell");
		pty = true;
	}
	if (argc - optind != 1) {
		(void)say(USAGE, "shell wants one STORE");
		return verb_usage("shell");
	}
	if (strcmp(argv[optind], "-") == 0)
		return say(USAGE,
		    "standard input has the commands; name a "
		    "STORE that is none");
	rc = place_open(argv[optind], &s.place);
	if (rc != DONE)
		return rc;
	rc = pty ? serve_terminal(&s) : serve(&s);
	buf_fini(&s.line);
	shell_session_fini(&s.session);
	place_close(s.place);
	return rc;
}

const struct verb verb_shell = {
	.name = "shell",
	.usage = "shell STORE [--pty]",
	.options =
	    "Commands on standard input, as a device has them:\n"
	    "  cred buf DATA | clear | load     cred list [TAG|any "
	    "[TYPE|any]]\n"
	    "  cred add TAG TYPE DEFAULT bin|bint|str|strt [DATA]\n"
	    "  cred del TAG TYPE                cred get TAG TYPE FORMAT\n"
	    "  cred expiry TAG TYPE\n"
	    "--pty  prints the path of a terminal, which a script opens as a\n"
	    "       serial port, and answers there until it is interrupted",
	.examples = "zsock-cred shell @server < provision.txt\n"
	            "zsock-cred shell dev.zcred --pty",
	.exits =
	    "0 done, else that of the first command that failed: "
	    "3 malformed, 4 no such credential, 5 a secret, 6 held already",
	.run = run,
};
