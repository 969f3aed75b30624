#ifndef BENCH_HOLD_H
#define BENCH_HOLD_H

/* What one of many idle connections takes, in KiB. */
struct hold_memory {
	double resident; /* of the process */
	double heap;     /* what malloc has given away */
};

/*
 * One way to have connections: how one end listens, and how each end has its
 * i-th one, on which a byte has moved both ways; look looks at all of them, in
 * vain; unlisten is the end of listen.
 */
struct hold_way {
	void (*listen)(void);
	void (*connect)(int i);
	void (*serve)(int i);
	void (*look)(void);
	void (*unlisten)(void);
};

/* Those that come first fill the caches, and do not count. */
#define HOLD_WARM_UP 24

/* Memory differs less than time does. */
#define HOLD_ROUNDS 7

/*
 * The client's and the server's, in processes of their own that have n of them
 * and HOLD_WARM_UP.
 */
void hold_measure(const struct hold_way *w, int n, struct hold_memory each[2]);

#endif
