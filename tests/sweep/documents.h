#ifndef SWEEP_DOCUMENTS_H
#define SWEEP_DOCUMENTS_H

#include "sweep/scene.h"

/*
 * May this call fail with that errno when something fails beneath it, or when
 * the peer is gone for that reason?  As the comments of include/ have it; what
 * is no errno (EAI_ codes, results below 0) is given as its number.
 */
bool documents_allow(enum deed deed, bool secure, int error);

/*
 * What is wrong with a run in which something has failed beneath side, but for
 * what is lost; NULL if nothing is.  passes is an errno that plain calls of that
 * side may pass on, or 0.
 */
const char *documents_judge(const struct scene_run *run, int side, int passes);

/* A run in which nothing fails: NULL, or what did. */
const char *documents_judge_good(const struct scene_run *run);

#endif
