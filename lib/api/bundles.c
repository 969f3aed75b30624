#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <zsock/credentials.h>

#include "base/log.h"
#include "cred/control.h"
#include "cred/load.h"

#define FLAGS (ZSOCK_CRED_REPLACE | ZSOCK_CRED_OVERRIDE)

_Static_assert(sizeof(((struct zsock_cred_error *)0)->text) >=
        sizeof(((struct load_error *)0)->text),
    "a whole sentence fits");

static void
tell(const char *call, const struct load_error *why, struct zsock_cred_error *e)
{
	log_line(LOG_ERROR, "%s%s", call, why->text);
	if (e == NULL)
		return;
	e->line = why->line;
	memcpy(e->text, why->text, sizeof(why->text));
}

/* What the arguments make of it; false if they are none, and why. */
static bool
arguments(const void *what, const char *name, unsigned flags,
    struct load_how *how, struct load_error *why)
{
	*how = (struct load_how){
		.origin = CRED_FROM_API,
		.replace = (flags & ZSOCK_CRED_REPLACE) != 0,
		.override = (flags & ZSOCK_CRED_OVERRIDE) != 0,
	};
	*why = (struct load_error){ .line = 0 };
	if (what == NULL)
		(void)snprintf(why->text, sizeof(why->text), "%s is NULL",
		    name);
	else if ((flags & ~FLAGS) != 0)
		(void)snprintf(why->text, sizeof(why->text),
		    "flags has the unknown bits 0x%x", flags & ~FLAGS);
	else
		return true;
	return false;
}

int
zsock_cred_load_file(const char *path, unsigned flags,
    struct zsock_cred_error *e)
{
	const int saved = errno;
	struct load_error why;
	struct load_how how;
	int rc = -EINVAL;

	if (arguments(path, "path", flags, &how, &why)) {
		load_ready();
		rc = load_file(path, &how, &why);
	}
	if (rc < 0)
		tell("zsock_cred_load_file: ", &why, e);
	errno = saved;
	return rc;
}

int
zsock_cred_load_mem(const void *text, size_t len, unsigned flags,
    struct zsock_cred_error *e)
{
	const int saved = errno;
	struct load_error why;
	struct load_how how;
	char call[64] = "zsock_cred_load_mem: ";
	int rc = -EINVAL;

	if (arguments(text, "text", flags, &how, &why)) {
		load_ready();
		rc = load_text(text, len, &how, &why);
	}
	if (rc < 0 && why.line > 0)
		(void)snprintf(call, sizeof(call),
		    "zsock_cred_load_mem: line %d: ", why.line);
	if (rc < 0)
		tell(call, &why, e);
	errno = saved;
	return rc;
}

static const struct {
	const char *name;
	enum wire_level level;
} levels[] = {
	{ "list", WIRE_LEVEL_LIST },
	{ "load", WIRE_LEVEL_LOAD },
	{ "full", WIRE_LEVEL_FULL },
};

/* WIRE_LEVEL_OFF if there is no level of that name. */
static enum wire_level
find_level(const char *name)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (name != NULL && strcmp(name, levels[i].name) == 0)
			return levels[i].level;
	}
	return WIRE_LEVEL_OFF;
}

int
zsock_ctl_start(const char *level, const char *name)
{
	const enum wire_level l = find_level(level);
	const int saved = errno;
	int rc;

	if (l == WIRE_LEVEL_OFF) {
		log_line(LOG_ERROR,
		    "zsock_ctl_start: the levels are list, load and full");
		return -EINVAL;
	}
	load_ready();
	rc = control_start(l, name);
	errno = saved;
	return rc;
}

int
zsock_ctl_stop(void)
{
	const int saved = errno;
	const int rc = control_stop();

	errno = saved;
	return rc;
}
