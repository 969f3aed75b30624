#ifndef BENCH_SCALE_H
#define BENCH_SCALE_H

/* What something costs where there are n of a thing: one point for each n. */
#define SCALE_POINTS_MAX 8

struct scale_curve {
	const char *name, *unit;
	int points;
	struct scale_point {
		double n, cost;
	} at[SCALE_POINTS_MAX];
};

void scale_add(struct scale_curve *c, int n, double cost);

/* Prints the curve, and with which power of n it grows. */
void scale_print(const struct scale_curve *c);

/* The middle one of some measurements. */
double scale_median(double (*measure)(int n), int n);

/* Says that points are left out, and why. */
void scale_left_out(const char *what, int n, unsigned long files);

/* KiB of this process: resident, and what malloc has given away. */
double scale_resident(void);
double scale_heap(void);

/* The curves of plain sockets, of TLS connections, of credentials. */
void scale_sockets(void);
void scale_tls(void);
void scale_credentials(void);

#endif
