#include "shim/settings.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "shim/environ.h"
#include "shim/say.h"

#define EXIT_CONFIG 78 /* EX_CONFIG of sysexits.h */

enum state { UNREAD, READING, READ };

static struct settings settings;
static atomic_int state = UNREAD;

static void
read_rules(struct rules *rules, enum rules_kind kind, const char *name)
{
	const char *value = environ_get(name);
	char error[RULES_ERROR_MAX], line[SAY_MAX];
	struct text text;

	if (value == NULL || rules_parse(rules, kind, value, error) == 0)
		return;
	text_init(&text, line, sizeof(line));
	text_add(&text, name);
	text_add(&text, ": ");
	text_add(&text, error);
	say_text(CORE_LOG_ERROR, &text);
	_exit(EXIT_CONFIG);
}

static void
stop_following(void)
{
	Dl_info own;

	if (dladdr(&settings, &own) == 0)
		own.dli_fname = "";
	environ_clean(own.dli_fname);
}

static void
keep_variables(void)
{
	settings.variables = environ_keep();
	if (settings.variables != NULL)
		return;
	say(CORE_LOG_ERROR, "there is no memory for what zsock-run has set");
	_exit(EXIT_CONFIG);
}

static void
read_environment(void)
{
	const char *profile, *follow;
	bool device;

	keep_variables();
	profile = environ_get("ZSOCK_PROFILE");
	follow = environ_get("ZSOCK_FOLLOW");
	device = profile != NULL && strcmp(profile, "linux") != 0;
	say_configure(environ_get("ZSOCK_LOG"), environ_get("ZSOCK_LOG_FILE"));
	settings.hosts = environ_get("ZSOCK_HOSTS") != NULL;
	settings.lookups = settings.hosts || device;
	settings.adopt =
	    settings.lookups || environ_get("ZSOCK_LIMITS") != NULL;
	settings.early = environ_get("ZSOCK_CTL") != NULL;
	read_rules(&settings.connect, RULES_CONNECT, RULES_CONNECT_ENV);
	read_rules(&settings.listen, RULES_LISTEN, RULES_LISTEN_ENV);
	environ_take_first();
	if (follow != NULL && strcmp(follow, "0") == 0)
		stop_following();
}

/*
 * Signals wait: a handler that came here in the middle would find the settings
 * unfinished, and nobody who finishes them.
 */
static void
read_once(void)
{
	const int saved = errno;
	int unread = UNREAD;
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	if (atomic_compare_exchange_strong(&state, &unread, READING)) {
		read_environment();
		atomic_store_explicit(&state, READ, memory_order_release);
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	while (atomic_load(&state) != READ)
		sched_yield();
	errno = saved;
}

const struct settings *
settings_get(void)
{
	if (atomic_load_explicit(&state, memory_order_acquire) != READ)
		read_once();
	return &settings;
}
