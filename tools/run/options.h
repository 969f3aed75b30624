#ifndef RUN_OPTIONS_H
#define RUN_OPTIONS_H

#include <stdbool.h>

/*
 * What the command line asks for.  A text that is not asked for is NULL.  Names
 * of files are absolute, for the program may go to another directory.
 */
struct options {
	char *creds; /* names, separated by colons */
	const char *profile;
	char *limits, *hosts;
	char *log_level, *log_file;
	const char *fd_base;
	char *connect, *listen; /* rules, separated by blanks */
	const char *ctl;
	char *keylog;
	bool no_follow;
	bool allow_io_uring;
	bool help, version; /* and nothing else is to be done */
	char **program;     /* its arguments, up to a NULL */
};

/* Returns an outcome, and has said why unless it is DONE. */
int options_read(int argc, char **argv, struct options *o);

/* Frees what a read has made. */
void options_fini(struct options *o);

#endif
