#ifndef CRED_VERB_H
#define CRED_VERB_H

/*
 * What a verb is called with: its own arguments, argv[0] is its name, getopt is
 * fresh.  Returns an outcome.
 */
typedef int verb_run(int argc, char **argv);

struct verb {
	const char *name;
	const char *usage;    /* "list STORE [TAG|any ..." as in the manual */
	const char *options;  /* at most 12 lines, or "" */
	const char *examples; /* two lines */
	const char *exits;    /* "0 done, 3 malformed, 4 no such store" */
	verb_run *run;
};

struct option;
/*
 * getopt_long, of which argv[0] is the verb; what is wrong with an option it has
 * said, and returns '?'.
 */
int verb_option(int argc, char **argv, const char *shorts,
    const struct option *options, int *index);

/* "usage: zsock-cred ..." of this verb on standard error; returns USAGE. */
int verb_usage(const char *name);

/* What the tool does if it is called without a verb; an outcome. */
int ps_without_verb(void);

extern const struct verb verb_list, verb_show, verb_get, verb_add, verb_delete,
    verb_dump, verb_load, verb_sync, verb_import, verb_export, verb_check,
    verb_compare, verb_generate, verb_shell, verb_ps;

#endif
