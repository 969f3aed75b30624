#include "vars.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t
count(char *const *list)
{
	size_t n = 0;

	while (list[n] != NULL)
		n++;
	return n;
}

/* Takes a copy of the list, with one place more. */
static char **
copy(char *const *list)
{
	const size_t n = count(list);
	char **new = calloc(n + 2, sizeof(*new));

	if (new != NULL)
		memcpy(new, list, n * sizeof(*new));
	return new;
}

static bool
is_of(const char *entry, const char *name)
{
	const size_t len = strlen(name);

	return strncmp(entry, name, len) == 0 && entry[len] == '=';
}

int
vars_init(struct vars *v, char *const *from)
{
	*v = (struct vars){ .list = copy(from) };
	return v->list != NULL ? 0 : -ENOMEM;
}

const char *
vars_get(const struct vars *v, const char *name)
{
	for (char **entry = v->list; *entry != NULL; entry++) {
		if (is_of(*entry, name))
			return *entry + strlen(name) + 1;
	}
	return NULL;
}

/* All of them: some programs leave two of a name. */
void
vars_unset(struct vars *v, const char *name)
{
	char **to = v->list;

	for (char **entry = v->list; *entry != NULL; entry++) {
		if (!is_of(*entry, name))
			*to++ = *entry;
	}
	*to = NULL;
}

/* Keeps a string until the end. */
static int
keep(struct vars *v, char *string)
{
	char **made = reallocarray(v->made, v->nmade + 1, sizeof(*v->made));

	if (made == NULL) {
		free(string);
		return -ENOMEM;
	}
	made[v->nmade++] = string;
	v->made = made;
	return 0;
}

int
vars_set(struct vars *v, const char *name, const char *value)
{
	char **new, *entry;

	if (asprintf(&entry, "%s=%s", name, value) < 0 || keep(v, entry) < 0)
		return -ENOMEM;
	vars_unset(v, name);
	new = copy(v->list);
	if (new == NULL)
		return -ENOMEM;
	new[count(new)] = entry;
	free(v->list);
	v->list = new;
	return 0;
}

void
vars_fini(struct vars *v)
{
	for (size_t i = 0; i < v->nmade; i++)
		free(v->made[i]);
	free(v->made);
	free(v->list);
	*v = (struct vars){ .list = NULL };
}
