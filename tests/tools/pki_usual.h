#ifndef TOOLS_PKI_USUAL_H
#define TOOLS_PKI_USUAL_H

#include "support/test.h"

#include "pki_cases.h"

/* A set of the test PKI, for those who judge its cases. */
static const char *const hosts[] = { "localhost", "127.0.0.1", "::1" };

static const struct pki_wants usual = {
	.hosts = hosts,
	.nhosts = LEN(hosts),
	.client = "a client",
	.psk_id = "an identity",
	.kind = PKI_P256,
	.tags = { 1, 2, 3, 4 },
	.from = "20200101",
	.until = "20491231",
};

static struct pki pki;

static int
set_up(void **state)
{
	(void)state;
	assert_true(pki_set_init(&pki, &usual));
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	pki_set_fini(&pki);
	return 0;
}

#endif
