#ifndef CRED_RULES_H
#define CRED_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "facts.h"
#include "set.h"

/*
 * What "check" knows of credentials.  A rule is a code, what it says, its cure,
 * and a function that looks at one credential and at those around it.  The first
 * letter of the code is how bad it is: E would fail, W is likely wrong, N is
 * worth to know.
 */
enum target {
	TARGET_ZEPHYR = 1,  /* Mbed TLS as Zephyr builds it */
	TARGET_NRF91 = 2,   /* the modem */
	TARGET_OPENSSL = 4, /* this library */
};

/* One credential of one of the stores. */
struct subject {
	const char *store;
	const struct item *item;
	struct facts facts;
};

struct rules;
struct rule {
	char code[4];
	unsigned targets; /* enum target, those that it is about */
	const char *text, *cure;
	void (*run)(struct rules *r, const struct subject *s);
};

struct finding {
	const struct rule *rule;
	const struct subject *subject;
	char *text;
};

/* What is asked for, what it is asked of, and what has been found. */
struct rules {
	enum target target;
	const char *host; /* or NULL */
	time_t at;
	int days;
	const int *tags; /* of the socket; none: not known */
	size_t ntags;
	size_t max; /* credentials that the device holds; 0: any number */
	struct subject *subjects; /* by store, and within one as it has them */
	size_t n;

	const struct rule *rule; /* the one that runs */
	X509_STORE *anchors;     /* made when first asked for */
	struct finding *findings;
	size_t nfindings;
	bool failed; /* out of memory: the findings are not all */
};

/* Runs all of them; the findings are then in the order of the subjects. */
void rules_run(struct rules *r);
/* Frees the findings; the subjects are the caller's. */
void rules_fini(struct rules *r);

/* How many findings have a code that begins with this letter. */
size_t rules_count(const struct rules *r, char severity);

#endif
