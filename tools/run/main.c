/* zsock-run: libzsock's sockets under a program that knows nothing of them. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "checks.h"
#include "help.h"
#include "options.h"
#include "preload.h"
#include "program.h"
#include "say.h"
#include "shim.h"
#include "uring.h"
#include "vars.h"

/*
 * What the library in this process must not act upon: a bad value is for the
 * program to complain of, and credentials are not this process's.
 */
static const char *const not_for_us[] = { "ZSOCK_CREDENTIALS",
	"ZSOCK_CREDENTIALS_ERRORS", "ZSOCK_CTL", "ZSOCK_CTL_NAME",
	"ZSOCK_FD_BASE", "ZSOCK_HOSTS", "ZSOCK_LEAKS", "ZSOCK_LIMITS",
	"ZSOCK_LOG", "ZSOCK_LOG_FILE", "ZSOCK_PROFILE", "ZSOCK_TLS_MAX_RECORD",
	"ZSOCK_TLS_HANDSHAKE_TIMEOUT_MS" };

static void
forget_environment(void)
{
	for (size_t i = 0; i < sizeof(not_for_us) / sizeof(not_for_us[0]); i++)
		(void)unsetenv(not_for_us[i]); /* fails of bad names only */
}

static int
set_variables(const struct options *o, struct vars *v)
{
	const struct {
		const char *name, *value;
	} rows[] = {
		{ "ZSOCK_CREDENTIALS", o->creds },
		{ "ZSOCK_PROFILE", o->profile },
		{ "ZSOCK_LIMITS", o->limits },
		{ "ZSOCK_HOSTS", o->hosts },
		{ "ZSOCK_LOG", o->log_level },
		{ "ZSOCK_LOG_FILE", o->log_file },
		{ "ZSOCK_FD_BASE", o->fd_base },
		{ "ZSOCK_TLS_CONNECT", o->connect },
		{ "ZSOCK_TLS_LISTEN", o->listen },
		{ "ZSOCK_CTL", o->ctl },
		{ "SSLKEYLOGFILE", o->keylog },
		{ "ZSOCK_FOLLOW", o->no_follow ? "0" : NULL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].value != NULL &&
		    vars_set(v, rows[i].name, rows[i].value) < 0)
			return say_no_memory();
	}
	return DONE;
}

/* Is there anything with which a connection can be made secure? */
static bool
may_be_secure(const struct vars *v)
{
	static const char *const names[] = { "ZSOCK_TLS_CONNECT",
		"ZSOCK_TLS_LISTEN", "ZSOCK_CREDENTIALS", "ZSOCK_CTL" };
	const char *value;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		value = vars_get(v, names[i]);
		if (value != NULL && *value != '\0' &&
		    strcmp(value, "off") != 0)
			return true;
	}
	return false;
}

static int
forbid_io_uring(void)
{
	const int rc = uring_forbid();

	if (rc == 0)
		return DONE;
	return say(OWN,
	    "io_uring cannot be forbidden: %s; with --allow-io-uring the "
	    "program runs, but what it sends that way is not encrypted",
	    strerror(-rc));
}

/* The program has this process's number; what follows it is all its own. */
static int
execute(const struct program *p, char **argv, struct vars *v)
{
	size_t n = 0;
	char **shell;

	execve(p->path, argv, v->list);
	if (errno != ENOEXEC)
		return say(errno == ENOENT ? ABSENT : CANNOT, "%s: %s", p->path,
		    strerror(errno));
	while (argv[n] != NULL)
		n++;
	shell = calloc(n + 2, sizeof(*shell));
	if (shell == NULL)
		return say_no_memory();
	shell[0] = argv[0];
	shell[1] = (char *)p->path;
	memcpy(shell + 2, argv + 1, (n - 1) * sizeof(*shell));
	execve("/bin/sh", shell, v->list);
	free(shell);
	return say(CANNOT, "/bin/sh: %s", strerror(errno));
}

static int
run(const struct options *o, struct vars *v)
{
	static struct program program;
	static struct shim shim;
	int rc;

	rc = checks_all(o);
	if (rc == DONE)
		rc = shim_find(&shim);
	if (rc == DONE)
		rc = program_find(o->program[0], vars_get(v, "PATH"), &shim.elf,
		    &program);
	if (rc == DONE)
		rc = set_variables(o, v);
	if (rc == DONE)
		rc = preload_set(&shim, &program, v);
	if (rc == DONE && !o->allow_io_uring && may_be_secure(v))
		rc = forbid_io_uring();
	return rc != DONE ? rc : execute(&program, o->program, v);
}

int
main(int argc, char **argv)
{
	static char *nothing[] = { NULL };
	struct options o;
	struct vars v;
	int rc;

	if (vars_init(&v, environ != NULL ? environ : nothing) < 0)
		return say_no_memory();
	forget_environment();
	rc = options_read(argc, argv, &o);
	if (rc == DONE && o.help)
		rc = help_usage();
	else if (rc == DONE && o.version)
		rc = help_version();
	else if (rc == DONE)
		rc = run(&o, &v);
	options_fini(&o);
	vars_fini(&v);
	return rc;
}
