/*
 * Every call into the kernel of every scene has each fault once: interruptions,
 * calls that would block and short counts change nothing, and errors are told
 * by an errno that the header has.  No call hangs, crashes or leaves anything.
 */
#include "support/test.h"

#include <stdio.h>
#include <string.h>

#include "sweep/documents.h"
#include "sweep/runner.h"
#include "sweep/table.h"

#define CALLS_MAX 4096

static void
arm(const struct fault_at *f)
{
	table_arm(f->n, (enum fault)f->kind);
}

static const char *
name(const struct fault_at *f)
{
	static char text[80];
	const char *call = "";
	int side;

	if (f->n == 0)
		return "nothing fails";
	(void)table_fired(&call, &side);
	snprintf(text, sizeof(text), "call %ld, %s: %s", f->n, call,
	    fault_names[f->kind]);
	return text;
}

/* A program that goes on after EINTR and EAGAIN notices nothing of these. */
static bool
is_survived(const char *call, enum fault f)
{
	return f == FAULT_SHORT || strcmp(call, "close") == 0 ||
	    ((f == FAULT_EINTR || f == FAULT_EAGAIN) &&
	        strcmp(call, "dup3") != 0);
}

static const char *
judge(const struct scene_run *run, const struct fault_at *f)
{
	const enum fault kind = (enum fault)f->kind;
	const char *call;
	int side;

	if (!table_fired(&call, &side) || is_survived(call, kind))
		return documents_judge_good(run);
	return documents_judge(run, side, fault_errno(kind));
}

static void
sweep_scene(const struct scene *s)
{
	static unsigned char can[CALLS_MAX][FAULTS];
	size_t count = 0;
	long n;

	runner_warm(s);
	n = runner_count(s);
	assert_true(n < CALLS_MAX);
	for (long i = 1; i <= n; i++) {
		for (int kind = FAULT_NONE + 1; kind < FAULTS; kind++)
			can[i][kind] = table_can(i, (enum fault)kind);
	}
	for (long i = 1; i <= n; i++) {
		for (int kind = FAULT_NONE + 1; kind < FAULTS; kind++) {
			if (!can[i][kind])
				continue;
			runner_fail(s, &(struct fault_at){ i, kind });
			count++;
		}
	}
	print_message("%s: %zu faults in %ld calls\n", s->name, count, n);
	runner_settle(s);
}

static const struct sweep kernel_sweep = { .group = "sweep/kernel",
	.arm = arm,
	.disarm = table_disarm,
	.name = name,
	.judge = judge,
	.scene = sweep_scene };

int
main(void)
{
	return runner_main(&kernel_sweep);
}
