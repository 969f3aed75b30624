#ifndef SHIM_WITHHELD_H
#define SHIM_WITHHELD_H

/*
 * Secure connections that the program means another program to inherit, which
 * would have them without their keys.  The kernel closes them at exec; standard
 * input, output and errors are covered instead, so that their numbers are not
 * free for the next file.
 */

#define WITHHELD_COVERED 3

struct withheld {
	int kept[WITHHELD_COVERED]; /* what has been covered, or -1 */
	int frozen;
};

/* Says which they are, if any; what is the call, and program its program. */
void withheld_say(const char *what, const char *program);

/* The same of fd alone, which a child was to have by another call. */
void withheld_say_one(const char *what, int fd);

/*
 * Before an exec of path, or of what search finds in PATH: says it, unless path
 * cannot be executed, and covers them.
 */
void withheld_begin(struct withheld *w, const char *path, const char *search);

/* After an exec that failed: all is as it was.  Leaves errno alone. */
void withheld_end(struct withheld *w);

#endif
