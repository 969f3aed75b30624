#ifndef CRED_STORE_PARTS_H
#define CRED_STORE_PARTS_H

#include <pthread.h>

#include "cred/shelf.h"

/* The one store, for store.c and store_apply.c; guarded by its lock. */
struct store {
	pthread_mutex_t lock;
	struct shelf shelf;
	uint64_t last_serial;
	uint64_t generation;
};
extern struct store store;

/* How many may be held. */
size_t store_limit(void);

#endif
