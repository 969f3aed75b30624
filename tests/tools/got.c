#include "support/test.h"

#include <stdlib.h>
#include <string.h>

#include "got.h"
#include "support/pki.h"

struct got_pki got_pki;

struct got
got_import(kind_import *import, const void *data, size_t len,
    const struct kind_input *options)
{
	struct got g = { .in = { .tag = 7 } };

	if (options != NULL)
		g.in = *options;
	/* Nothing that is read behind its end is unseen. */
	unsigned char *copy = malloc(len == 0 ? 1 : len);

	assert_non_null(copy);
	memcpy(copy, data, len);
	g.in.data = copy;
	g.in.len = len;
	say_quiet = 1;
	g.rc = import(&g.in, &g.set);
	free(copy);
	g.in.data = NULL;
	return g;
}

void
got_fini(struct got *g)
{
	set_fini(&g->set);
}

void
got_has(const struct got *g, int tag, int type, const void *data, size_t len)
{
	const struct item *i;

	if (g->rc != DONE)
		fail_msg("%d: %s", g->in.line, g->in.text);
	i = set_find(&g->set, tag, type);
	assert_non_null(i);
	assert_int_equal(i->len, len);
	assert_memory_equal(i->data, data, len);
}

void
got_failed(const struct got *g, int rc, int line, const char *word)
{
	assert_int_equal(g->rc, rc);
	assert_int_equal(g->in.line, line);
	if (strstr(g->in.text, word) == NULL)
		fail_msg("no \"%s\" in: %s", word, g->in.text);
}

int
got_setup(void **state)
{
	const struct pki_spec root = { .name = "got root", .ca = true };
	const struct pki_spec spec = { .name = "got leaf",
		.san = "DNS:localhost" };
	struct pki_cert ca, leaf;
	struct pki_bytes b;

	(void)state;
	pki_make(&ca, NULL, &root);
	pki_make(&leaf, &ca, &spec);
	b = pki_cert_pem(&ca);
	got_pki.ca = b.data;
	got_pki.ca_len = b.len;
	b = pki_cert_pem(&leaf);
	got_pki.leaf = b.data;
	got_pki.leaf_len = b.len;
	b = pki_key_pem(&leaf);
	got_pki.key = b.data;
	got_pki.key_len = b.len;
	pki_free(&ca);
	pki_free(&leaf);
	return 0;
}

int
got_teardown(void **state)
{
	(void)state;
	free(got_pki.ca);
	free(got_pki.leaf);
	free(got_pki.key);
	return 0;
}
