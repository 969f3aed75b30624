/*
 * Every allocation of every scene fails once: nothing crashes, nothing is left,
 * the errno is one that the header has, and all works again afterwards.
 *
 * Without SWEEP_FULL=1 those of the library, and a sample of OpenSSL's and
 * libc's.
 */
#include "support/test.h"

#include <stdio.h>

#include "sweep/documents.h"
#include "sweep/heap.h"
#include "sweep/runner.h"

/* How many allocations that are not the library's own are in the sample. */
#define SAMPLE 60

#define ALLOCATIONS_MAX 65536

static void
arm(const struct fault_at *f)
{
	heap_arm(f->n);
}

static const char *
name(const struct fault_at *f)
{
	static char text[40];

	if (f->n == 0)
		return "nothing fails";
	snprintf(text, sizeof(text), "allocation %ld", f->n);
	return text;
}

/* What was taken of the sender that failed arrives, for nobody was reset. */
static const char *
lost(const struct scene_run *run, int side)
{
	const struct scene_side *from = &run->sides[side];
	const struct scene_side *to = &run->sides[!side];
	static char text[100];

	if (run->scene->ends == NULL || !to->ended ||
	    to->received == from->sent)
		return NULL;
	snprintf(text, sizeof(text), "%zu bytes were taken, and %zu arrived",
	    from->sent, to->received);
	return text;
}

static const char *
judge(const struct scene_run *run, const struct fault_at *f)
{
	const char *why;
	int side;

	(void)f;
	if (!heap_refused(&side))
		return documents_judge_good(run); /* it took another way */
	why = documents_judge(run, side, 0);
	return why != NULL ? why : lost(run, side);
}

/* Which are to fail. */
static size_t
choose(long n, bool chosen[ALLOCATIONS_MAX])
{
	const long others_apart = n / SAMPLE + 1;
	size_t count = 0;

	for (long i = 1; i <= n; i++) {
		chosen[i] = runner_full || heap_owner_of(i) == HEAP_LIBRARY ||
		    i % others_apart == 0;
		count += chosen[i];
	}
	return count;
}

static void
sweep_scene(const struct scene *s)
{
	static bool chosen[ALLOCATIONS_MAX];
	size_t count;
	long n;

	runner_warm(s);
	n = runner_count(s);
	assert_true(n < ALLOCATIONS_MAX);
	count = choose(n, chosen);
	for (long i = 1; i <= n; i++) {
		if (chosen[i])
			runner_fail(s, &(struct fault_at){ i, 0 });
	}
	print_message("%s: %zu of %ld allocations have failed\n", s->name,
	    count, n);
	runner_settle(s);
}

static const struct sweep memory = { .group = "sweep/memory",
	.arm = arm,
	.disarm = heap_disarm,
	.name = name,
	.judge = judge,
	.all = true,
	.fresh = true,
	.scene = sweep_scene };

int
main(void)
{
	return runner_main(&memory);
}
