#ifndef CRED_PKI_DIR_H
#define CRED_PKI_DIR_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A directory that "generate" fills.  In it a record, ".generate", says with
 * which arguments its files were made, and which files these are, with the
 * digest of each; no others are ever replaced or removed.  The directory, its
 * "bad" and the record are believed only if nobody else can write them.  Each
 * call returns an outcome, and has said why unless it is DONE.
 */
#define PKI_DIR_RECORD ".generate"

struct pki_dir {
	const char *path; /* the caller's */
	int fd;
	int bad;         /* "bad" in it, or -1 */
	bool made, done; /* is there a record, and of a run that has ended? */
	char *arguments; /* of the record: lines; "" without one */
	struct pki_dir_files {
		struct pki_dir_file *files;
		size_t n;
	} old, now;
};

/* Makes it if need be; nobody else is in it until it is closed. */
int pki_dir_open(const char *path, struct pki_dir *d);
void pki_dir_close(struct pki_dir *d);

/* CONFLICT if a file of the record is gone, or is not what was made. */
int pki_dir_whole(const struct pki_dir *d);

/*
 * A file that will be put, "ca.pem" or "bad/sha1.zcred": CONFLICT if there is
 * one of that name that is none of the record's.
 */
int pki_dir_plan(struct pki_dir *d, const char *name, const void *data,
    size_t len);

/* From here on the directory is one of a run that has not ended. */
int pki_dir_begin(struct pki_dir *d, const char *arguments);

/*
 * Writes it whole or not at all, and synced, with mode 0600 if it is secret,
 * else 0644, and the umask.
 */
int pki_dir_put(struct pki_dir *d, const char *name, const void *data,
    size_t len, bool secret);

/* Removes what was of the last run and is not of this one. */
int pki_dir_end(struct pki_dir *d, const char *arguments);

#endif
