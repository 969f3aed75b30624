#ifndef CRED_PLACE_FILE_H
#define CRED_PLACE_FILE_H

#include "place.h"

/* The calls of place.h of a file, a directory, or "-". */
struct file;

int file_open(const char *name, struct file **out);
void file_close(struct file *f);
bool file_is_new(const struct file *f);
int file_read(struct file *f, int tag, int type, struct set *out);
int file_apply(struct file *f, const struct place_change *c,
    struct place_result *r);

#endif
