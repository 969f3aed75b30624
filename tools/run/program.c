#include "program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "find.h"
#include "privileges.h"
#include "say.h"
#include "script.h"

/* Scripts whose interpreters are scripts: the kernel follows so many. */
#define SCRIPTS_MAX 4

/* A file without "#!" is one of the shell's, if execvp has its way. */
#define SHELL "/bin/sh"

/* On the way from a name to what runs. */
struct search {
	const char *paths;
	const struct elf_file *library;
	int scripts;
};

static const char *
last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* The names that glibc's loader has had. */
static bool
is_glibc(const char *interp)
{
	const char *name = last_part(interp);

	return begins(name, "ld-linux") || begins(name, "ld64.so") ||
	    begins(name, "ld.so") || begins(name, "ld-2.");
}

static int
check_elf(const char *path, const struct elf_file *e,
    const struct elf_file *library)
{
	char theirs[ELF_FILE_NAME_SIZE], ours[ELF_FILE_NAME_SIZE];

	if (!elf_file_is_alike(e, library))
		return say(CANNOT,
		    "%s is a program for %s, and this zsock-run's library is "
		    "for %s; use a zsock-run that was built for it",
		    path, elf_file_name(e, theirs),
		    elf_file_name(library, ours));
	if (e->type != ET_EXEC && e->type != ET_DYN)
		return say(CANNOT, "%s is no program, but an object file",
		    path);
	if (e->interp[0] == '\0')
		return say(CANNOT,
		    "%s is static: no library can be put into it; build it "
		    "without -static, or link it with libzsock",
		    path);
	if (begins(last_part(e->interp), "ld-musl"))
		return say(CANNOT,
		    "%s is a program for musl (%s), and zsock-run's library "
		    "for glibc; link it with a libzsock that is built for "
		    "musl",
		    path, e->interp);
	if (!is_glibc(e->interp))
		return say(CANNOT,
		    "%s has a loader that is not glibc's (%s); zsock-run knows "
		    "no other",
		    path, e->interp);
	if (access(e->interp, X_OK) < 0)
		return say(CANNOT, "%s cannot run: its loader %s: %s", path,
		    e->interp, strerror(errno));
	return DONE;
}

/* The file behind path, of which fd is open, and nothing else, is what runs. */
static int
check_program(int fd, const char *path, const struct search *s,
    struct program *out)
{
	const char *why;
	int rc;

	rc = check_elf(path, &out->elf, s->library);
	if (rc != DONE)
		return rc;
	why = privileges_why(fd);
	if (why != NULL)
		return say(CANNOT, "%s %s", path, why);
	memcpy(out->elf_path, path, strlen(path) + 1);
	return DONE;
}

static int look_at(const char *path, struct search *s, struct program *out);

/*
 * env(1) looks for the name itself, and says itself if there is none: then env
 * is all that runs.
 */
static int
follow_env(const char *path, const struct script *script, struct search *s,
    struct program *out)
{
	char word[SCRIPT_LINE_MAX], found[PATH_MAX];

	if (strcmp(last_part(script->interp), "env") != 0)
		return DONE;
	switch (script_env(script->arg, word)) {
	case SCRIPT_ENV_NAME:
		if (find_program(word, s->paths, found) != DONE)
			return DONE;
		return look_at(found, s, out);
	case SCRIPT_ENV_BARE:
		return say(CANNOT,
		    "%s would run without the library: %s in its first line "
		    "takes LD_PRELOAD from it",
		    path, word);
	default:
		return DONE;
	}
}

static int
follow(const char *path, const struct script *script, struct search *s,
    struct program *out)
{
	char interp[SCRIPT_LINE_MAX + 2], found[PATH_MAX];
	int rc;

	if (++s->scripts > SCRIPTS_MAX)
		return say(CANNOT,
		    "%s is a script of a script of a script ..., more than %d "
		    "deep",
		    path, SCRIPTS_MAX);
	/* The kernel searches no PATH. */
	(void)snprintf(interp, sizeof(interp), "%s%s",
	    strchr(script->interp, '/') == NULL ? "./" : "", script->interp);
	if (find_program(interp, NULL, found) != DONE)
		return say(CANNOT, "%s cannot run: its interpreter %s: %s",
		    path, script->interp, strerror(errno));
	rc = look_at(found, s, out);
	return rc != DONE ? rc : follow_env(path, script, s, out);
}

/* Not an ELF file.  Of others than scripts the kernel knows nothing. */
static int
look_at_script(int fd, const char *path, struct search *s, struct program *out)
{
	struct script script = { .interp = SHELL };
	char head[SCRIPT_LINE_MAX];
	ssize_t n;
	int rc;

	n = pread(fd, head, sizeof(head), 0);
	if (n < 0)
		return say(CANNOT, "%s cannot be read: %s", path,
		    strerror(errno));
	rc = script_parse(head, (size_t)n, &script);
	if (rc == -EINVAL)
		return say(CANNOT,
		    "%s: its first line, \"#!\", names no interpreter that "
		    "fits into it",
		    path);
	if (rc == -ENOEXEC && memchr(head, '\0', (size_t)n) != NULL)
		return say(CANNOT, "%s is neither a program nor a script",
		    path);
	return follow(path, &script, s, out);
}

static int
look_at(const char *path, struct search *s, struct program *out)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc;

	if (fd == -1)
		return say(CANNOT,
		    "%s cannot be looked at: %s; without that nobody knows "
		    "whether the library will be in it",
		    path, strerror(errno));
	rc = elf_file_read(fd, &out->elf);
	if (rc == 0)
		rc = check_program(fd, path, s, out);
	else if (rc == -ENOEXEC)
		rc = look_at_script(fd, path, s, out);
	else if (rc == -EINVAL)
		rc = say(CANNOT,
		    "%s is damaged: it begins as a program and does not go on "
		    "as one",
		    path);
	else
		rc = say(CANNOT, "%s cannot be read: %s", path, strerror(-rc));
	close(fd);
	return rc;
}

int
program_find(const char *name, const char *paths,
    const struct elf_file *library, struct program *out)
{
	struct search s = { .paths = paths, .library = library };
	const int rc = find_program(name, paths, out->path);

	if (rc == ABSENT)
		return say(ABSENT, "'%s': %s", name, strerror(errno));
	if (rc != DONE)
		return say(rc, "%s cannot run: %s", name, strerror(errno));
	return look_at(out->path, &s, out);
}
