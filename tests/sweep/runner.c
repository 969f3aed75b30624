#include "sweep/runner.h"

#include "support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "support/ctl.h"
#include "support/loop.h"
#include "support/scratch.h"
#include "sweep/documents.h"
#include "sweep/ends.h"
#include "sweep/heap.h"
#include "sweep/table.h"
#include "sweep/turns.h"

/* Runs until what is kept for later is there. */
#define WARM 3

/* Whatever is wrong is so again. */
#define TRIES 3

/* How often what is left is looked at. */
#define LOOKS 5

/* After so many failures nothing must be left. */
#define BATCH 16

/* What is kept of findings in one scene, so that each is said once. */
#define FINDINGS 20

static const struct scene *const lists[] = { scenes_stream, scenes_dgram,
	scenes_local, scenes_options };
static const struct scene *const others[] = { scenes_cred, scenes_names };

static const struct sweep *sweep;
static const char *only;
static bool trace;
bool runner_full;

static char findings[FINDINGS][200];
static size_t nfindings;

struct state {
	long blocks[HEAP_OWNERS];
	long descriptors;
};

static struct state settled;
static struct fault_at pending[BATCH];
static size_t npending;

static void
look(struct state *s)
{
	for (int i = 0; i < HEAP_OWNERS; i++)
		s->blocks[i] = heap_blocks((enum heap_owner)i);
	s->descriptors = loop_count_descriptors();
}

static bool
same(const struct state *a, const struct state *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static void
tell(const struct fault_at *f, const char *why)
{
	for (size_t i = 0; i < nfindings && i < FINDINGS; i++) {
		if (strcmp(findings[i], why) == 0)
			return;
	}
	if (nfindings < FINDINGS)
		snprintf(findings[nfindings], sizeof(findings[0]), "%s", why);
	nfindings++;
	print_message("%s: %s\n", sweep->name(f), why);
}

/* How many things there were that could fail. */
static long
once(const struct scene *s, struct scene_run *run, const struct fault_at *f)
{
	/* OpenSSL's cache of sessions grows with every run. */
	const bool fresh = sweep->fresh ||
	    (s->ends != NULL &&
	        (s->ends->client.cache || s->ends->server.cache));
	long n;

	snprintf(turns_what, sizeof(turns_what), "%s, %s", s->name,
	    sweep->name(f));
	scene_begin(s, fresh);
	sweep->arm(f);
	scene_run(s, run);
	n = sweep->disarm();
	scene_end(s, fresh);
	return n;
}

static const struct fault_at none;

/* True if it went as it should. */
static bool
good(const struct scene *s)
{
	struct scene_run run;
	const char *why = NULL;

	for (int i = 0; i < TRIES; i++) {
		(void)once(s, &run, &none);
		why = documents_judge_good(&run);
		if (why == NULL)
			break;
	}
	if (why != NULL)
		tell(&none, why);
	return why == NULL;
}

/*
 * The scene works, and leaves no more than was there.  A thread of the library's
 * may still be at its end, so it is looked at more than once.
 */
static bool
comes_back(const struct scene *s, const struct state *want)
{
	struct state now;

	for (int i = 0; i < LOOKS; i++) {
		(void)good(s);
		look(&now);
		if (same(&now, want))
			return true;
	}
	return false;
}

void
runner_warm(const struct scene *s)
{
	nfindings = 0;
	npending = 0;
	for (int i = 0; i < WARM; i++) {
		if (!good(s))
			fail();
	}
	for (int i = 0; i < TRIES; i++) {
		look(&settled);
		if (comes_back(s, &settled))
			return;
	}
	fail_msg("what a good run leaves is not always the same");
}

long
runner_count(const struct scene *s)
{
	struct scene_run run;

	return once(s, &run, &none);
}

static void
tell_run(const struct scene_run *run, const struct fault_at *f, const char *why)
{
	fprintf(stderr, "%s, %s:", run->scene->name, sweep->name(f));
	for (int i = 0; i < 2; i++) {
		fprintf(stderr, " %s %s;", deed_names[run->sides[i].failed],
		    err_name(run->sides[i].error));
	}
	fprintf(stderr, " %s\n", why != NULL ? why : "");
}

static void
fail_once(const struct scene *s, const struct fault_at *f)
{
	struct scene_run run;
	const char *why = NULL;

	/* On a busy machine time may go on too early: it is no finding then. */
	for (int i = 0; i < TRIES; i++) {
		(void)once(s, &run, f);
		why = sweep->judge(&run, f);
		if (trace)
			tell_run(&run, f, why);
		if (why == NULL)
			break;
	}
	if (why != NULL)
		tell(f, why);
}

/* Of those that failed one has left something: which? */
static void
blame(const struct scene *s)
{
	struct state before, after;
	char text[200];
	unsigned mark;

	for (size_t i = 0; i < npending; i++) {
		(void)good(s);
		look(&before);
		mark = heap_mark();
		fail_once(s, &pending[i]);
		if (comes_back(s, &before))
			continue;
		look(&after);
		heap_tell_since(mark);
		snprintf(text, sizeof(text),
		    "%ld+%ld+%ld blocks (library, OpenSSL, libc) and %ld "
		    "descriptors are left",
		    after.blocks[0] - before.blocks[0],
		    after.blocks[1] - before.blocks[1],
		    after.blocks[2] - before.blocks[2],
		    after.descriptors - before.descriptors);
		tell(&pending[i], text);
	}
}

/* The scene works, and nothing is left of what has failed before. */
static void
check_settled(const struct scene *s)
{
	if (npending == 0)
		return;
	if (!comes_back(s, &settled)) {
		blame(s);
		look(&settled); /* it is not blamed on others */
	}
	npending = 0;
}

void
runner_fail(const struct scene *s, const struct fault_at *f)
{
	fail_once(s, f);
	pending[npending++] = *f;
	if (npending == BATCH)
		check_settled(s);
}

void
runner_settle(const struct scene *s)
{
	check_settled(s);
	if (nfindings > 0)
		fail_msg("%zu findings", nfindings);
}

static void
sweep_scene(void **state)
{
	sweep->scene(*state);
}

static size_t
add_tests(struct CMUnitTest *tests, size_t n, const struct scene *s)
{
	for (; s->name != NULL; s++) {
		if (only != NULL && strstr(s->name, only) == NULL)
			continue;
		tests[n++] = (struct CMUnitTest){ .name = s->name,
			.test_func = sweep_scene,
			.initial_state = (void *)s };
	}
	return n;
}

int
runner_main(const struct sweep *of)
{
	static struct CMUnitTest tests[64];
	size_t n = 0;
	int rc;

	sweep = of;
	only = getenv("SWEEP_ONLY");
	trace = getenv("SWEEP_TRACE") != NULL;
	runner_full = getenv("SWEEP_FULL") != NULL;
	for (size_t i = 0; i < LEN(lists); i++)
		n = add_tests(tests, n, lists[i]);
	for (size_t i = 0; i < LEN(others) && sweep->all; i++)
		n = add_tests(tests, n, others[i]);
	if (scratch_enter(NULL) != 0 || ctl_dir_make() == NULL)
		return 1;
	scenes_start();
	table_install();
	rc = _cmocka_run_group_tests(sweep->group, tests, n, NULL, NULL);
	scenes_stop();
	ctl_dir_remove();
	return scratch_leave(NULL) != 0 ? 1 : rc;
}
