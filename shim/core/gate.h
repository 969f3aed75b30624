#ifndef CORE_GATE_H
#define CORE_GATE_H

#include <stdatomic.h>
#include <stdbool.h>

/*
 * Is this a child that was forked while another thread had locks of OpenSSL's?
 * Then nothing may be done that takes one.
 */
extern atomic_bool gate_torn;

/* For a child of which no handler has heard. */
void gate_unseen(void);

#endif
