#ifndef SWEEP_RUNNER_H
#define SWEEP_RUNNER_H

#include <stdbool.h>
#include <stddef.h>

#include "sweep/scene.h"

/*
 * What both sweeps have in common: a test a scene, runs, what a run leaves
 * behind, and what is said.  SWEEP_ONLY in the environment is a part of the
 * names to be run, SWEEP_TRACE has every run told, SWEEP_FULL leaves nothing
 * out.
 */

/* One thing that is made to fail. */
struct fault_at {
	long n;
	int kind; /* the sweep's own */
};

struct sweep {
	const char *group;
	void (*arm)(const struct fault_at *f);
	long (*disarm)(void); /* how many there were */
	/* The words for f; and what is wrong with a run that had it, or NULL. */
	const char *(*name)(const struct fault_at *f);
	const char *(
	    *judge)(const struct scene_run *run, const struct fault_at *f);
	bool all;   /* also of scenes that have nothing to do with sockets */
	bool fresh; /* nothing that was parsed before is of use */
	/* The whole test of a scene: calls the functions below. */
	void (*scene)(const struct scene *s);
};

extern bool runner_full;

/* The program: all scenes; its exit status. */
int runner_main(const struct sweep *sweep);

/* Runs in which nothing fails, until all that is kept for later is there. */
void runner_warm(const struct scene *s);

/* How much there is that can fail. */
long runner_count(const struct scene *s);

/*
 * One run with a fault.  After some, and at the end, the scene must work again,
 * and nothing may be left of what has failed.
 */
void runner_fail(const struct scene *s, const struct fault_at *f);
void runner_settle(const struct scene *s);

#endif
