#ifndef RUN_SCRIPT_H
#define RUN_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

/* What the kernel reads of the first line of a script. */
#define SCRIPT_LINE_MAX 256

/* "#! interp arg": all that follows the blank is one argument. */
struct script {
	char interp[SCRIPT_LINE_MAX];
	char arg[SCRIPT_LINE_MAX]; /* "" is none */
};

/*
 * Understands the first len bytes of a file as the kernel does.  Returns 0, or
 *   -ENOEXEC  it is no script with a "#!"
 *   -EINVAL   nothing follows, or the name goes on beyond what is read
 */
int script_parse(const char *text, size_t len, struct script *out);

enum script_env {
	SCRIPT_ENV_NONE, /* no program is seen in it */
	SCRIPT_ENV_NAME, /* word is its name */
	SCRIPT_ENV_BARE, /* word takes LD_PRELOAD out of the environment */
};

/*
 * What env(1) does for this argument of a first line: "NAME", or
 * "-S NAME ARG...", with options and assignments before it.
 */
enum script_env script_env(const char *arg, char word[SCRIPT_LINE_MAX]);

#endif
