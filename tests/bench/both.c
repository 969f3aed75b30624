#include "bench/both.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/deadline.h"
#include "bench/machine.h"

struct job {
	both_loop *loop;
	void *arg;
	int times;
	enum bench_cpu cpu;
	double ns;
};

static atomic_int waiting;

static void *
run(void *arg)
{
	struct job *job = arg;
	int64_t start;

	bench_pin(0, job->cpu);
	atomic_fetch_sub(&waiting, 1);
	while (atomic_load(&waiting) > 0)
		;
	start = deadline_now_ns();
	job->loop(job->arg, job->times);
	job->ns = (double)(deadline_now_ns() - start) / job->times;
	return NULL;
}

double
both_ns(both_loop *loop, void *const args[2], int threads, int times)
{
	struct job jobs[2];
	pthread_t other;

	atomic_store(&waiting, threads);
	for (int i = 0; i < threads; i++)
		jobs[i] = (struct job){ loop, args[i], times,
			i == 0 ? BENCH_CPU_FIRST : BENCH_CPU_SECOND, 0 };
	if (threads == 2)
		pthread_create(&other, NULL, run, &jobs[1]);
	run(&jobs[0]);
	if (threads == 2)
		pthread_join(other, NULL);
	return jobs[0].ns;
}
