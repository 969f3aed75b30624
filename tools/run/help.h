#ifndef RUN_HELP_H
#define RUN_HELP_H

/* Each writes to standard output, and returns an outcome. */
int help_usage(void);
int help_version(void);

#endif
