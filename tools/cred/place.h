#ifndef CRED_PLACE_H
#define CRED_PLACE_H

#include <limits.h>

#include "cred/op.h"
#include "set.h"

/*
 * A STORE of the command line: a bundle file, a directory, standard input or
 * output, or a living process.  Each call returns an outcome, and has said why
 * on standard error unless it is DONE.
 */
struct place;

int place_open(const char *name, struct place **out);
void place_close(struct place *p);
const char *place_name(const struct place *p);
bool place_is_process(const struct place *p);
/* A file that is not there yet: a change makes it. */
bool place_is_new(const struct place *p);

/* What to read of it: values of secrets need the level "full" of a process. */
enum place_want {
	PLACE_LIST,   /* digests and lengths; values where they cost nothing */
	PLACE_PUBLIC, /* the values that are no secrets, too */
	PLACE_ALL, /* all values; those refused are left NULL, not an error */
};
/* tag -1 and type 0 are any. */
int place_read(struct place *p, enum place_want want, int tag, int type,
    struct set *out);

/* One value, which item_fini wipes; refused: REFUSED, and said. */
int place_get(struct place *p, int tag, int type, struct item *out);

struct place_change {
	const struct cred_op *ops;
	size_t n;
	const char *note; /* for the sections of a file, or NULL */
	bool dry_run;
	bool missing_ok;    /* that an op is ABSENT is not said */
	bool if_generation; /* only if the store is still this: */
	uint64_t generation;
};
/* So many are named; of more, how many they are. */
#define PLACE_TAGS 8
/* What a change has done. */
struct place_result {
	struct cred_op_count count;
	uint64_t generation;
	size_t open_tags, sessions; /* of a process */
	uint32_t tags[PLACE_TAGS];  /* the first of the open_tags */
};
/* All or none.  The message of a failed op names its pair. */
int place_apply(struct place *p, const struct place_change *c,
    struct place_result *r);

/* --timeout and --wait, in milliseconds. */
extern int place_timeout_ms, place_wait_ms;

/*
 * The whole text of "ps": for the verb, for completion, and for @.  Here because
 * it shares the client of the control protocol.
 */
struct place_process {
	int pid;
	char name[64];
	char exe[256];
	char path[PATH_MAX]; /* "" if it is longer */
	int level;           /* enum wire_level */
	uint64_t generation;
	unsigned count;
};
/*
 * Those that answer, by pid; the caller frees *out.  Each of the *silent others
 * has its remark.
 */
int place_processes(struct place_process **out, size_t *n, size_t *silent);

#endif
