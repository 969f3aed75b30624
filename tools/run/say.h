#ifndef RUN_SAY_H
#define RUN_SAY_H

/* What the launcher ends with if the program does not run, as env(1) does. */
enum outcome {
	DONE = 0,     /* all is well so far */
	OWN = 125,    /* its own failure: an option, a file, the library */
	CANNOT = 126, /* the program is there, and cannot be run or reached */
	ABSENT = 127, /* there is no such program */
};

/*
 * One line, "zsock-run: ...", on standard error; returns outcome.  Control
 * characters, which names of files may have, become '?'.
 */
int say(enum outcome outcome, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The same for a lack of memory, which is OWN. */
int say_no_memory(void);

#endif
