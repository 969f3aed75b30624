#include "shim/environ.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What the kernel has put on the stack: argc, argv, NULL, environ, NULL. */
extern void *__libc_stack_end;

#define ROOM_USUAL 128

static char *none[] = { NULL };
static char **kept = none;

static char **
variables(void)
{
	uintptr_t *stack = __libc_stack_end;

	if (environ != NULL)
		return environ;
	return (char **)(stack + 1 + *stack + 1);
}

/* What follows name and '=' in a variable, or NULL. */
static char *
value_of(char *variable, const char *name, size_t len)
{
	if (strncmp(variable, name, len) != 0 || variable[len] != '=')
		return NULL;
	return variable + len + 1;
}

static bool
is_ours(char *variable)
{
	return strncmp(variable, "ZSOCK_", 6) == 0 ||
	    value_of(variable, "SSLKEYLOGFILE", 13) != NULL;
}

/* Room for a list of n and bytes of text behind it: never given back. */
static char **
make_room(size_t n, size_t bytes)
{
	static char *usual[ROOM_USUAL]; /* a mapping takes its time */
	const size_t size = (n + 1) * sizeof(char *) + bytes;
	void *more;

	if (size <= sizeof(usual))
		return usual;
	more = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return more != MAP_FAILED ? more : NULL;
}

const char *const *
environ_keep(void)
{
	size_t n = 0, bytes = 0;
	char **list, *text;

	for (char **at = variables(); *at != NULL; at++) {
		if (is_ours(*at)) {
			n++;
			bytes += strlen(*at) + 1;
		}
	}
	list = n > 0 ? make_room(n, bytes) : none;
	if (list == NULL)
		return NULL;
	kept = list;
	text = (char *)(list + n + 1);
	for (char **at = variables(); n > 0 && *at != NULL; at++) {
		if (is_ours(*at)) {
			*list++ = text;
			text = stpcpy(text, *at) + 1;
		}
	}
	return (const char *const *)kept;
}

const char *
environ_get(const char *name)
{
	const size_t len = strlen(name);
	const char *value;

	for (char **at = kept; *at != NULL; at++) {
		value = value_of(*at, name, len);
		if (value != NULL)
			return *value != '\0' ? value : NULL;
	}
	return NULL;
}

/* Takes path out of a list with blanks and colons between; false: it is empty. */
static bool
take_out(char *list, const char *path)
{
	char *from = list, *to = list;
	size_t len;

	while (*from != '\0') {
		len = strcspn(from, ": ");
		if (len != strlen(path) || strncmp(from, path, len) != 0) {
			if (to != list)
				*to++ = ':';
			memmove(to, from, len);
			to += len;
		}
		from += len;
		from += strspn(from, ": ");
	}
	*to = '\0';
	return to != list;
}

void
environ_clean(const char *path)
{
	char **to = variables(), *preload;

	for (char **at = to; *at != NULL; at++) {
		if (is_ours(*at))
			continue;
		preload = value_of(*at, "LD_PRELOAD", 10);
		if (preload != NULL && !take_out(preload, path))
			continue;
		*to++ = *at;
	}
	*to = NULL;
}

void
environ_take_first(void)
{
	static const char name[] = "ZSOCK_PRELOAD_FIRST";
	const char *first = environ_get(name);
	char **to = variables(), *preload;

	if (first == NULL)
		return;
	for (char **at = to; *at != NULL; at++) {
		if (value_of(*at, name, sizeof(name) - 1) != NULL)
			continue;
		preload = value_of(*at, "LD_PRELOAD", 10);
		if (preload != NULL)
			(void)take_out(preload, first); /* this library stays */
		*to++ = *at;
	}
	*to = NULL;
}
