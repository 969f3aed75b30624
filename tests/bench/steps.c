#include "bench/steps.h"

#include "base/deadline.h"

static double
measure(const struct steps *s, bool mine, bool back)
{
	const struct bench_way *mine_way =
	    s->mine_way != NULL ? s->mine_way : &ways_ours;
	const struct bench_way *way = mine ? mine_way : s->base_way;
	const struct bench_end *ends = mine ? s->mine : s->base;
	const int64_t start = deadline_now_ns();

	for (int i = 0; i < s->times; i++) {
		way->send(&ends[0], s->n);
		way->recv(&ends[1], s->n, s->n);
		if (!back)
			continue;
		way->send(&ends[1], s->n);
		way->recv(&ends[0], s->n, s->n);
	}
	return (double)(deadline_now_ns() - start) / s->times;
}

double
steps_there(const void *steps, bool mine)
{
	return measure(steps, mine, false);
}

double
steps_there_and_back(const void *steps, bool mine)
{
	return measure(steps, mine, true);
}
