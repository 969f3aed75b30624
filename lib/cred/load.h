#ifndef CRED_LOAD_H
#define CRED_LOAD_H

#include "cred/bundle_file.h"
#include "cred/store.h"

/*
 * What the environment says of credentials: ZSOCK_CREDENTIALS is in the store,
 * and the control socket of ZSOCK_CTL is there, when this returns.  Called by
 * every call of the program's for the store, and by the opening of a secure
 * socket; cheap when there is nothing to do.  Leaves errno alone.
 */
void load_ready(void);

/* Hold its lock across a fork, before all others. */
void load_freeze(void);
void load_thaw(void);

/* A bundle and the name that errors have, which may be NULL. */
struct load_source {
	const char *name;
	const struct bundle *bundle;
};

struct load_how {
	enum cred_origin origin;
	bool replace;  /* a value that is held, instead of -EEXIST */
	bool override; /* whatever the bundle's own mode is */
};

/* "name:line: why", and the line; 0 if it is about none. */
struct load_error {
	int line;
	char text[512];
};

/*
 * Stores all credentials of n bundles, or none.  Returns 0; or, with a sentence
 * in e,
 *   -EINVAL  a value was left out of a bundle
 *   -EEXIST  a pair is there twice, or in the store already
 *   -ENOMEM  LIMIT_CREDENTIALS, or out of memory
 */
int load_bundles(const struct load_source *sources, size_t n,
    const struct load_how *how, struct load_error *e);

/* The same of a file or directory, or what bundle_file_read says. */
int load_file(const char *path, const struct load_how *how,
    struct load_error *e);

/* The same of a text, or what bundle_parse says. */
int load_text(const char *text, size_t len, const struct load_how *how,
    struct load_error *e);

/* As bundle_file_read, with its sentence taken over. */
int load_read(const char *path, struct bundle_file *f, struct load_error *e);

#endif
