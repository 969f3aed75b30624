#include "pki_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pki_files.h"
#include "say.h"

/* The lines of a record. */
#define FIRST "zsock-cred generate 1"
#define ENDED_LINE "done"
#define FILE_LINE "file "

bool
pki_record_has(const struct pki_dir_files *l, const char *name)
{
	for (size_t i = 0; i < l->n; i++) {
		if (strcmp(l->files[i].name, name) == 0)
			return true;
	}
	return false;
}

bool
pki_record_add(struct pki_dir_files *l, const char *name, const char *digest)
{
	struct pki_dir_file *files;

	files = reallocarray(l->files, l->n + 1, sizeof(*files));
	if (files == NULL)
		return false;
	l->files = files;
	files += l->n;
	files->name = strdup(name);
	if (files->name == NULL)
		return false;
	snprintf(files->digest, sizeof(files->digest), "%s", digest);
	l->n++;
	return true;
}

void
pki_record_fini(struct pki_dir_files *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->files[i].name);
	free(l->files);
	*l = (struct pki_dir_files){ 0 };
}

static int
damaged(const struct pki_dir *d)
{
	return say(MALFORMED,
	    "%s/" PKI_DIR_RECORD ": it is no record of generate; "
	    "remove it together with the files that generate has made",
	    d->path);
}

/*
 * "DIGEST NAME".  A record may have been tampered with: a name is none but of a
 * file that generate makes.
 */
static int
parse_file(struct pki_dir *d, char *text)
{
	char *name = text;
	const char *digest = strsep(&name, " ");

	if (name == NULL || strlen(digest) != BUNDLE_DIGEST_SIZE - 1 ||
	    !pki_files_is_name(name))
		return damaged(d);
	return pki_record_add(&d->old, name, digest) ? DONE : say_no_memory();
}

static int
parse_line(struct pki_dir *d, char *line)
{
	const size_t prefix = strlen(FILE_LINE);
	const size_t at = strlen(d->arguments);

	if (strncmp(line, FILE_LINE, prefix) == 0)
		return parse_file(d, line + prefix);
	if (strcmp(line, ENDED_LINE) == 0) {
		d->done = true;
	} else {
		memcpy(d->arguments + at, line, strlen(line));
		d->arguments[at + strlen(line)] = '\n'; /* zeros follow */
	}
	return DONE;
}

static int
parse(struct pki_dir *d, char *text)
{
	char *rest = text, *line;
	int rc = DONE;

	line = strsep(&rest, "\n");
	if (strcmp(line, FIRST) != 0 || rest == NULL)
		return damaged(d);
	d->made = true;
	while (rc == DONE && (line = strsep(&rest, "\n")) != NULL) {
		if (line[0] != '\0')
			rc = parse_line(d, line);
	}
	return rc;
}

int
pki_record_read(struct pki_dir *d, const char *text, size_t len)
{
	char *copy;
	int rc;

	/* No line of it is longer there than here. */
	d->arguments = calloc(1, len + 2);
	if (d->arguments == NULL)
		return say_no_memory();
	if (text == NULL)
		return DONE;
	if (memchr(text, '\0', len) != NULL)
		return damaged(d);
	copy = strndup(text, len);
	if (copy == NULL)
		return say_no_memory();
	rc = parse(d, copy);
	free(copy);
	return rc;
}

static void
put_file(FILE *f, const struct pki_dir_file *file)
{
	fprintf(f, FILE_LINE "%s %s\n", file->digest, file->name);
}

char *
pki_record_write(const struct pki_dir *d, const char *arguments, bool done,
    size_t *len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);

	if (f == NULL)
		return NULL;
	fprintf(f, FIRST "\n%s", arguments);
	for (size_t i = 0; i < d->now.n; i++)
		put_file(f, &d->now.files[i]);
	/* Until the end, those of the last run are still its own, too. */
	for (size_t i = 0; i < d->old.n && !done; i++) {
		if (!pki_record_has(&d->now, d->old.files[i].name))
			put_file(f, &d->old.files[i]);
	}
	if (done)
		fprintf(f, ENDED_LINE "\n");
	if (fclose(f) == 0)
		return text;
	free(text);
	return NULL;
}
