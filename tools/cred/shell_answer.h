#ifndef CRED_SHELL_ANSWER_H
#define CRED_SHELL_ANSWER_H

#include "place.h"
#include "shell_line.h"

/*
 * Does what a command of Zephyr's "cred" asks for, and answers by out() with the
 * words that provisioning scripts look for: Stored, Added TLS credential,
 * already exists, Deleted TLS credential, There is no TLS credential, N
 * credentials found.  Returns an outcome; a value that is a secret is REFUSED.
 */
int shell_answer(struct place *p, const struct shell_command *c);

#endif
