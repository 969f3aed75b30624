#include "shim/start.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>

#include "base/kernel.h"
#include "base/resolver.h"
#include "shim/own_path.h"
#include "shim/raw.h"
#include "shim/real.h"
#include "shim/refuse.h"
#include "shim/say.h"
#include "shim/settings.h"
#include "shim/slots.h"
#include "shim/starters.h"

#define CORE_FILE "libzsock-core.so"
#define PLACE CORE_FILE " belongs beside libzsock-preload.so, of one build"

/* Otherwise the number of the process in which a thread starts it. */
#define ABSENT 0
#define PRESENT (-1)

static atomic_int state = ABSENT;

static void
complain(const char *what, const char *cure)
{
	static atomic_flag said = ATOMIC_FLAG_INIT;
	char line[SAY_MAX];
	struct text text;

	if (atomic_flag_test_and_set(&said))
		return;
	text_init(&text, line, sizeof(line));
	text_add(&text, "no secure or redirected socket can be made: ");
	text_add(&text, what);
	text_add(&text, "; ");
	text_add(&text, cure);
	say_text(CORE_LOG_ERROR, &text);
}

/* Its entry, or NULL after a line.  dlopen has a lock of its own. */
static core_start *
load(void)
{
	char path[PATH_MAX];
	void *handle, *entry = NULL;

	if (own_path_beside(CORE_FILE, path) < 0) {
		complain("it cannot be told where " CORE_FILE " is", PLACE);
		return NULL;
	}
	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (handle != NULL)
		entry = dlsym(handle, CORE_ENTRY);
	if (entry == NULL)
		complain(dlerror(), PLACE);
	return (core_start *)entry;
}

static const struct core *
begin(core_start *start)
{
	static struct kernel libc;
	static struct resolver names;
	static struct core_host host = { .abi = CORE_ABI,
		.kernel = &libc,
		.resolver = &names };
	const struct core *core;

	real_find_all();
	real_kernel(&libc);
	real_resolver(&names);
	host.variables = settings_get()->variables;
	if (slots_watch_forks() < 0) {
		complain("there is no memory", "the next one may find some");
		return NULL;
	}
	core = start(&host);
	if (core == NULL)
		complain("the two libraries are not of one build", PLACE);
	else
		slots_begin(core);
	return core;
}

/*
 * False: another thread is at it.  A child does not wait for a thread that it
 * has been forked without.
 */
static bool
begin_once(core_start *start, const struct core **core)
{
	const int own = raw_getpid();
	int was = ABSENT;

	while (!atomic_compare_exchange_strong(&state, &was, own)) {
		if (was == own)
			return false;
		if (was == PRESENT) {
			*core = slots_core;
			return true;
		}
	}
	*core = begin(start);
	atomic_store(&state, *core != NULL ? PRESENT : ABSENT);
	return true;
}

static const struct core *
load_and_begin(void)
{
	const struct core *core = NULL;
	core_start *start;

	starters_enter();
	start = load();
	while (start != NULL && !begin_once(start, &core))
		starters_step_aside();
	starters_leave();
	return core;
}

/*
 * Nothing comes between: a signal handler would wait for what it has
 * interrupted, and a thread that is cancelled would leave the others waiting.
 */
const struct core *
start_core(void)
{
	const struct core *core = slots_core;
	const int saved = errno;
	sigset_t all, old;
	int cancel;

	if (core != NULL)
		return core;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	if (starters_torn())
		complain("this process was forked while another thread "
		         "loaded " CORE_FILE,
		    "a process that is forked later can");
	else
		core = load_and_begin();
	pthread_setcancelstate(cancel, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = core != NULL ? saved : ELIBACC;
	return core;
}

/* For comfort only: all else begins by itself when it is first called. */
__attribute__((constructor)) static void
begin_early(void)
{
	const int saved = errno;

	starters_watch();
	refuse_inherited();
	if (settings_get()->early)
		(void)start_core(); /* its line has been said */
	errno = saved;
}
